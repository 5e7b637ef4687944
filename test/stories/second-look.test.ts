import { afterEach, expect, test, vi } from 'vitest';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

test('twelve servers stop, reboot and leave between plan and approval: the job runs all the same', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const servers = await cloud.servers(12, host);
  const { job } = await stage.plan(`maintenance ${host}`);
  for (const [n, { id }] of servers.entries()) {
    if (n % 4 === 0) await cloud.become(id, 'SHUTOFF', { 'os-stop': null });
    if (n % 4 === 1) await cloud.act(id, { reboot: { type: n % 8 === 1 ? 'SOFT' : 'HARD' } });
    if (n % 4 === 2) await cloud.remove(id);
    if (n % 4 === 3) await cloud.become(id, 'PAUSED', { pause: null });
  }
  await stage.approve(job);
  const { state, words } = await stage.ended(job);

  expect(await cloud.on(host), words).toEqual([]);
  expect(state).toBe('done');
  for (const [n, { id }] of servers.entries()) {
    if (n % 4 === 0) expect(await cloud.show(id)).toMatchObject({ status: 'SHUTOFF' });
    if (n % 4 === 3) expect(await cloud.show(id)).toMatchObject({ status: 'PAUSED' });
  }
});

test('one new server on the host: the approved job does not run, and its successor shows that one row', async () => {
  stage = await openStage();
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  const before = await cloud.servers(3, host);
  const { job } = await stage.plan(`maintenance ${host}`);
  const fresh = await cloud.server('newcomer', host);
  await stage.approve(job);
  await story.until('it is out of date', async () => (await story.state(job)) === 'stale');

  for (const { id } of before) expect(await cloud.migrations(id)).toEqual([]);
  expect(await cloud.service(host)).toMatchObject({ status: 'enabled' });
  const successor =
    (await story.database.rows.selectFrom('job').select('successor').where('id', '=', job).executeTakeFirstOrThrow())
      .successor ?? '';
  await story.until('the successor waits', async () => (await story.state(successor)) === 'awaiting');
  await story.until('its card', () => story.card(successor) !== undefined);
  const words = await stage.say('bob', `job ${successor}`);
  expect(words).toContain(fresh.name);
  for (const { name } of before) expect(words.split(name).length - 1, `${name} is no difference`).toBeLessThan(2);
  await stage.approve(successor);
  expect((await stage.ended(successor)).state).toBe('done');
  expect(await cloud.on(host)).toEqual([]);
});
