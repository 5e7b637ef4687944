import { afterEach, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

async function asked(job: string): Promise<string> {
  await stage.story.until('a question', async () => (await stage.story.state(job)) === 'asking', 120_000);
  await stage.story.until('its card', () => stage.story.card(job)?.title.includes('question') ?? false);
  return stage.say('rita', `job ${job}`);
}

test('when the first four all fail, a person says whether the others are tried', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const servers = await cloud.servers(5, host);
  await cloud.fail('run', `${cloud.prefix}*`);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);

  expect(await asked(job)).toMatch(/first 4 servers all failed/);
  await stage.say('alice', `answer ${job} stop`);
  const { state, words } = await stage.ended(job);

  expect(state).toBe('partial');
  expect(words).toContain(`${host} is not empty: 5 of 5 left`);
  expect(words).toContain('Stopped: all of the first 4 failed: the others were not tried (alice).');
  const tried = await Promise.all(servers.map(async ({ id }) => (await cloud.migrations(id)).length));
  expect(tried.toSorted()).toEqual([0, 2, 2, 2, 2]);
  expect(await cloud.service(host)).toMatchObject({ status: 'disabled' });
});

test('a resize that waits for its owner is asked about, and confirmed only when a person says so', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const other = await cloud.ownHost();
  const leaves = await cloud.server('leaves', host);
  const comes = await cloud.server('comes', other);
  await cloud.become(leaves.id, 'VERIFY_RESIZE', { migrate: { host: other } });
  await cloud.become(comes.id, 'VERIFY_RESIZE', { migrate: { host } });
  const { job, words: plan } = await stage.plan(`maintenance ${host}`);
  expect(plan).toMatch(new RegExp(`${leaves.name}[^\\n]*its old disk is on ${host}`));
  expect(plan).toMatch(new RegExp(`${comes.name}[^\\n]*ask`));
  await stage.approve(job);

  expect(await asked(job)).toContain("ends its owner's chance to revert");
  await stage.say('alice', `answer ${job} move:${comes.id} confirm`);
  await stage.say('alice', `answer ${job} move:${leaves.id} leave`);
  const { state, words } = await stage.ended(job);

  expect((await cloud.show(comes.id)).host).not.toBe(host);
  expect(await cloud.show(comes.id)).toMatchObject({ status: 'ACTIVE' });
  expect(await cloud.show(leaves.id)).toMatchObject({ status: 'VERIFY_RESIZE', host: other });
  expect(state).toBe('partial');
  expect(words).toMatch(/the old disk of .* is here/);
});

test('a cancelled drain starts nothing new, leaves the host closed, and offers the line that opens it', async () => {
  stage = await openStage({ simulator: { migrateSeconds: 60 } });
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  if (onLab) await cloud.migrationSeconds(6);
  const servers = await cloud.servers(6, host);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  const moving = async () => (await Promise.all(servers.map(({ id }) => cloud.migrations(id)))).flat();
  await story.until('a copy runs', async () => (await moving()).some(({ status }) => status === 'running'), 60_000);
  await stage.say('alice', `cancel ${job}`);
  const { state, words, report } = await stage.ended(job);

  expect(state).toBe('cancelled');
  const finished = await moving();
  expect(finished.every(({ status }) => status === 'completed')).toBe(true);
  expect(finished.length).toBeLessThan(6);
  expect(words).toContain(`cancelled; ${host} is not empty: ${6 - finished.length} of 6 left`);
  expect(report.replies?.map(({ line }) => line)).toContainEqual(expect.stringContaining(`maintenance ${host} off`));
  expect(await cloud.service(host)).toMatchObject({ status: 'disabled' });
});

test('cancelled at once, what runs is aborted and stays where it was', async () => {
  stage = await openStage({ simulator: { migrateSeconds: 200 } });
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  if (onLab) await cloud.migrationSeconds(30);
  const [only] = await cloud.servers(1, host);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  const last = async () => (await cloud.migrations(only?.id ?? ''))[0]?.status;
  await story.until('the copy runs', async () => (await last()) === 'running', 60_000);
  await stage.say('alice', `cancel ${job} --now`);

  expect((await stage.ended(job)).state).toBe('cancelled');
  expect(await last()).toBe('cancelled');
  expect(await cloud.show(only?.id ?? '')).toMatchObject({ status: 'ACTIVE', task: null, host });
});

test('what is on its way to the host is waited for, then moved on', async () => {
  stage = await openStage({ simulator: { migrateSeconds: 60 } });
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const other = await cloud.ownHost();
  if (onLab) await cloud.migrationSeconds(6);
  const comes = await cloud.server('comes', other);
  await cloud.act(comes.id, { 'os-migrateLive': { host, block_migration: 'auto' } });
  await cloud.until('it is on its way', async () => (await cloud.migrations(comes.id))[0]?.destination === host);
  const { job, words } = await stage.plan(`maintenance ${host}`);
  expect(words).toMatch(new RegExp(`${comes.name}[^\\n]*wait`));
  await stage.approve(job);
  expect((await stage.ended(job)).state).toBe('done');
  expect((await cloud.show(comes.id)).host).not.toBe(host);
});
