import { afterEach, expect, test, vi } from 'vitest';
import { storyPolicy } from '../story.ts';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

interface Came {
  readonly job: string;
  readonly host: string;
  readonly id: string;
}

/** A server that somebody's own tool moves to the host while its drain goes on: Nova asks no scheduler then. */
async function arrivesMeanwhile(wish?: { policy: string; metadata: Record<string, string> }): Promise<Came> {
  stage = await openStage({ simulator: { migrateSeconds: 20 } }, wish === undefined ? {} : { policy: wish.policy });
  const { cloud, story } = stage;
  if (onLab) await cloud.migrationSeconds(4);
  const host = await cloud.ownHost();
  const other = await cloud.ownHost();
  const [only] = await cloud.servers(1, host);
  const late = await cloud.server('late', other);
  if (wish !== undefined) await cloud.owner.call('POST', `/servers/${late.id}/metadata`, { metadata: wish.metadata });
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  await cloud.until('the first moves', async () => (await cloud.migrations(only?.id ?? '')).length > 0);
  const forced = { 'os-migrateLive': { host, block_migration: 'auto', force: true } };
  expect((await cloud.act(late.id, forced, cloud.admin, '2.67')).status).toBe(202);
  if (wish !== undefined) return { job, host, id: late.id };
  await story.until('a question', () => story.card(job)?.title.includes('question') ?? false, 120_000);
  expect(await stage.say('rita', `job ${job}`)).toMatch(/1 server came to .* since the plan was made/);
  return { job, host, id: late.id };
}

test('who came after the plan is asked about, and moved when a person says so', async () => {
  const { job, host, id } = await arrivesMeanwhile();
  await stage.say('alice', `answer ${job} move`);
  const { state, words } = await stage.ended(job);
  expect(state).toBe('done');
  expect((await stage.cloud.show(id)).host).not.toBe(host);
  expect(words).toMatch(/late.*came meanwhile/);
  // What came meanwhile goes back with the others.
  await stage.run(`maintenance ${host} off --unchecked`);
  const back = await stage.plan(`return ${job}`);
  expect(back.words).toContain(`bring 2 servers back to ${host}`);
  await stage.say('alice', `cancel ${back.job}`);
});

test('what its owner asks for binds for who came, too: it is shown, and left without a question', async () => {
  const policy = `${storyPolicy}wishes: [{ projects: [alpha] }]\n`;
  const { job, host, id } = await arrivesMeanwhile({ policy, metadata: { 'vigie:move': 'never' } });
  await stage.cloud.until('it has arrived', async () => (await stage.cloud.show(id)).host === host);
  const { state, words } = await stage.ended(job);
  expect(state).toBe('partial');
  expect((await stage.cloud.show(id)).host).toBe(host);
  expect(words).toMatch(new RegExp(`late ${id}[^\\n]*came meanwhile; its owner asks that it is never moved`));
});

test('left, it is named, and the host is not called empty', async () => {
  const { job, host, id } = await arrivesMeanwhile();
  await stage.cloud.until('it has arrived', async () => (await stage.cloud.show(id)).host === host);
  await stage.say('alice', `answer ${job} leave`);
  const { state, words } = await stage.ended(job);
  expect(state).toBe('partial');
  expect((await stage.cloud.show(id)).host).toBe(host);
  expect(words).toContain(`${host} is not empty`);
  expect(words).toMatch(/blocked: .*late \S+ came meanwhile; alice said to leave it/);
});
