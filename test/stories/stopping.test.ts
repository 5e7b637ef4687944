import { afterEach, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

/** A drain of so many servers, slow enough to be spoken to while it runs. */
async function slowDrain(servers: number): Promise<{ host: string; job: string }> {
  stage = await openStage({ simulator: { migrateSeconds: 30 } });
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  await cloud.servers(servers, host);
  if (onLab) await cloud.migrationSeconds(6);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  await story.until('a server moves', async () => (await moving(host)) > 0, 60_000);
  return { host, job };
}

async function moving(host: string): Promise<number> {
  return (await stage.cloud.on(host)).filter(({ status }) => status === 'MIGRATING').length;
}

test('cancel lets the move under way finish, starts no other, and lists what is left', async () => {
  const { host, job } = await slowDrain(5);
  expect(await stage.say('alice', `cancel ${job}`)).toContain('stopping after what runs now');
  const { state, words } = await stage.ended(job);
  expect(state).toBe('cancelled');
  const left = await stage.cloud.on(host);
  expect(left.length).toBeGreaterThan(1);
  expect(left.every(({ status, task }) => status === 'ACTIVE' && task === null)).toBe(true);
  for (const { name } of left) expect(words).toContain(name);
  expect(words).toMatch(new RegExp(`stays disabled until .*maintenance ${host} off`));
  for (const { id } of left) expect(await stage.cloud.migrations(id)).toEqual([]);
});

test('cancel --now aborts the move under way: Nova records it as cancelled, and the server runs where it was', async () => {
  const { host, job } = await slowDrain(4);
  const [busy] = (await stage.cloud.on(host)).filter(({ status }) => status === 'MIGRATING');
  expect(await stage.say('bob', `cancel ${job} --now`)).toContain('stopping at once');
  const { state } = await stage.ended(job);
  expect(state).toBe('cancelled');
  if (busy === undefined) throw new Error('no server was moving');
  expect((await stage.cloud.migrations(busy.id))[0]).toMatchObject({ status: 'cancelled' });
  expect(await stage.cloud.show(busy.id)).toMatchObject({ status: 'ACTIVE', task: null, host });
});

test('freeze holds the next move back until another person thaws, and every card says so', async () => {
  const { host, job } = await slowDrain(4);
  const { story } = stage;
  expect(await stage.say('alice', 'freeze "the switch flaps"')).toContain('frozen');
  await stage.cloud.until('nothing moves any more', async () => (await moving(host)) === 0);
  const left = (await stage.cloud.on(host)).length;
  await story.until('the card says so', () => JSON.stringify(story.card(job)).includes('the switch flaps'));
  expect(await stage.say('alice', 'thaw')).toContain('another person');
  expect((await stage.cloud.on(host)).length).toBe(left);
  expect(await moving(host)).toBe(0);
  expect(await stage.say('bob', 'thaw')).toContain('thawed');
  expect((await stage.ended(job)).state).toBe('done');
});

test('a second drain of the same host is told who holds it', async () => {
  const { host, job } = await slowDrain(3);
  const { job: second, words } = await stage.plan(`maintenance ${host}`);
  expect(words).toContain(job);
  await stage.say('bob', `approve ${second}`);
  expect((await stage.ended(second)).words).toContain(job);
  expect((await stage.ended(job)).state).toBe('done');
});
