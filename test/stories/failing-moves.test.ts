import { afterEach, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

test('one migration fails while copying and one never ends: each is told with what Nova recorded, the others move', async () => {
  stage = await openStage({ settings: { serverDeadline: onLab ? 10_000 : 1500 } });
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const [breaks, hangs, ...fine] = await cloud.servers(6, host);
  if (!breaks || !hangs) throw new Error('six servers were asked for');
  await cloud.fail('run', breaks.name);
  await cloud.fail('hang', hangs.name);

  const { state, words } = await stage.run(`maintenance ${host}`);

  expect(state).toBe('partial');
  expect(new Set((await cloud.on(host)).map(({ id }) => id))).toEqual(new Set([breaks.id, hangs.id]));
  for (const { id } of fine) expect((await cloud.show(id)).host).not.toBe(host);
  expect(words).toMatch(
    new RegExp(
      `${breaks.name}.*failed while copying; Nova gives no reason; see nova-compute.log on ${host}, req-[0-9a-f-]{36}`,
    ),
  );
  expect(words).toMatch(new RegExp(`${hangs.name}.*aborted after .*its deadline; it stays on ${host} \\(req-`));
  expect((await cloud.migrations(hangs.id))[0]).toMatchObject({ status: 'cancelled' });
  expect(await cloud.show(hangs.id)).toMatchObject({ status: 'ACTIVE', task: null });
});

test('a reason that Nova recorded is told with its request id', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const [refused, fine] = await cloud.servers(2, host);
  if (!refused || !fine) throw new Error('two servers were asked for');
  await cloud.fail('precheck', refused.name);

  const { state, words } = await stage.run(`maintenance ${host}`);

  expect(state).toBe('partial');
  expect(words).toMatch(
    new RegExp(`${refused.name}.*(No valid host was found|refuses this guest).*\\(req-[0-9a-f-]{36}\\)`),
  );
  expect((await cloud.show(fine.id)).host).not.toBe(host);
});

test.skipIf(onLab)('a move that breaks on the way is sent once more, to another host, and arrives there', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const [unlucky] = await cloud.servers(3, host);
  if (!unlucky) throw new Error('three servers were asked for');
  await cloud.control?.migration({ fail: [{ phase: 'run', glob: unlucky.name, times: 1 }] });

  expect((await stage.run(`maintenance ${host}`)).state).toBe('done');
  const [second, first, ...more] = await cloud.migrations(unlucky.id);
  expect([first?.status, second?.status, more.length]).toEqual(['failed', 'completed', 0]);
  expect(second?.destination).not.toBe(first?.destination);
  expect((await cloud.show(unlucky.id)).host).toBe(second?.destination);
});

test('nova-compute is killed on a destination: the servers go elsewhere', async () => {
  stage = await openStage({ simulator: { serviceDownSeconds: 3, reportSeconds: 1 } });
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const dead = await cloud.ownHost();
  await cloud.servers(5, host);
  const { job } = await stage.plan(`maintenance ${host}`);
  await cloud.killCompute(dead);
  await stage.approve(job);
  const { state, words } = await stage.ended(job);

  const left = await cloud.on(host);
  expect(await cloud.on(dead)).toEqual([]);
  // A server whose turn came before Nova had noticed may have been refused; it is told, and the next try moves it.
  expect(state).toBe(left.length === 0 ? 'done' : 'partial');
  for (const { name } of left) expect(words).toMatch(new RegExp(`${name}.*req-`));
  expect(left.length).toBeLessThan(5);
  if (left.length > 0) expect((await stage.run(`maintenance ${host}`)).state).toBe('done');
  expect(await cloud.on(host)).toEqual([]);
});
