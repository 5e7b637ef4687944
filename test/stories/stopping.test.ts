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

test('cancel --now waits for a cold move, which nobody can abort, and confirms it: none becomes a stranger', async () => {
  stage = await openStage({ simulator: { migrateSeconds: 40 } });
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  const { id } = await cloud.server('stopped', host);
  await cloud.become(id, 'SHUTOFF', { 'os-stop': null });
  if (onLab) await cloud.migrationSeconds(6);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  await story.until('its disk is copied', async () => (await cloud.show(id)).status === 'RESIZE', 60_000);
  await stage.say('alice', `cancel ${job} --now`);
  expect((await stage.ended(job)).words).toContain('stopped');
  const moved = await cloud.show(id);
  expect(moved).toMatchObject({ status: 'SHUTOFF', task: null });
  expect(moved.host).not.toBe(host);
  expect((await cloud.migrations(id)).map(({ status }) => status)).toEqual(['confirmed']);
});
