import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 200_000 });

let stage: Stage;
let hosts: string[];
let next = 0;

beforeAll(async () => {
  stage = await openStage();
  hosts = [await stage.cloud.ownHost(), await stage.cloud.ownHost()];
});
afterAll(() => stage?.close());

async function server() {
  next += 1;
  const [from = '', to = ''] = hosts;
  return { ...(await stage.cloud.server(`one-${next}`, from)), from, to };
}

test('one server moves to the host that was named, once', async () => {
  const { id, name, to, from } = await server();
  const { job, words } = await stage.plan(`migrate ${name} --to ${to}`);
  expect(words).toContain(`move ${name} live to ${to}, now on ${from}`);
  await stage.approve(job);
  const ran = await stage.ended(job);
  expect(ran.state).toBe('done');
  expect(ran.report.title).toBe(`${name} is on ${to}`);
  expect((await stage.cloud.show(id)).host).toBe(to);
  expect((await stage.cloud.migrations(id)).map(({ status }) => status)).toEqual(['completed']);
});

test('without a name Nova chooses; a stopped one moves cold and stays stopped', async () => {
  const { id, from } = await server();
  await stage.cloud.become(id, 'SHUTOFF', { 'os-stop': null });
  expect((await stage.run(`migrate ${id}`)).state).toBe('done');
  const after = await stage.cloud.show(id);
  expect(after).toMatchObject({ status: 'SHUTOFF' });
  expect(after.host).not.toBe(from);
});

test('--cold shuts a running guest down and starts it again on the named host', async () => {
  const { id, to } = await server();
  const { job, words } = await stage.plan(`migrate ${id} --to ${to} --cold`);
  expect(words).toContain('its guest is shut down for it and started again');
  await stage.approve(job);
  expect((await stage.ended(job)).state).toBe('done');
  expect(await stage.cloud.show(id)).toMatchObject({ status: 'ACTIVE', host: to });
  expect((await stage.cloud.migrations(id))[0]).toMatchObject({ type: 'migration', status: 'confirmed' });
});

test('a move that fails to the named host is told, and goes nowhere else', async () => {
  const { id, name, to, from } = await server();
  await stage.cloud.fail('run', name);
  const { state, words } = await stage.run(`migrate ${id} --to ${to}`);
  await stage.cloud.heal();
  expect(state).toBe('failed');
  expect(words).toMatch(/was not moved[\s\S]*failed while copying/);
  expect(await stage.cloud.show(id)).toMatchObject({ status: 'ACTIVE', host: from });
  expect(await stage.cloud.migrations(id)).toHaveLength(1);
});

test('what cannot be done is said before anything is planned', async () => {
  const { id, to, from } = await server();
  const say = (line: string) => stage.say('alice', line);
  expect(await say(`migrate ${id} --to ${from}`)).toContain('already');
  expect(await say(`migrate ${id} --to nowhere`)).toMatch(/no compute host "nowhere"/);
  expect(await say(`migrate ${id} --live --cold`)).toMatch(/exclude each other/);
  expect(await say(`migrate ${id.slice(0, 3)}`)).toMatch(/no server/);
  await stage.cloud.disable(to);
  expect(await say(`migrate ${id} --to ${to}`)).toContain('disabled and up: it takes no servers');
  await stage.cloud.enable(to);
  await stage.cloud.become(id, 'ERROR', { 'os-resetState': { state: 'error' } });
  expect(await say(`migrate ${id}`)).toMatch(/cannot be moved: ERROR/);
  expect(await stage.cloud.migrations(id)).toEqual([]);
});

test.skipIf(onLab)('a host long in maintenance does not shorten the time of another move off it', async () => {
  const { id, from } = await server();
  await stage.run(`disable ${from} --reason fans`);
  const { rows } = stage.story.database;
  const long = await rows.selectFrom('lease').selectAll().where('subject', '=', from).executeTakeFirstOrThrow();
  const detail = { ...JSON.parse(long.detail), drainBegan: '2026-01-01T00:00:00.000Z' };
  await rows
    .updateTable('lease')
    .set({ detail: JSON.stringify(detail) })
    .where('subject', '=', from)
    .execute();
  expect((await stage.run(`migrate ${id}`)).state).toBe('done');
});
