import { afterEach, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

/** A guest that writes memory as fast as it is copied: what the lab's driver does not imitate. */
async function stuck(): Promise<{ job: string; id: string; host: string }> {
  stage = await openStage();
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  const busy = await cloud.server('busy', host);
  await cloud.fail('hang', busy.name);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  await story.until('a question', () => story.card(job)?.title.includes('question') ?? false);
  return { job, id: busy.id, host };
}

test.skipIf(onLab)('a copy that gets no smaller is asked about, and forced only when a person says so', async () => {
  const { job, id, host } = await stuck();
  expect(await stage.say('rita', `job ${job}`)).toMatch(/does not get smaller.*abort at \d\d:\d\d/);
  await stage.say('alice', `answer ${job} force-complete`);
  expect((await stage.ended(job)).state).toBe('done');
  expect((await stage.cloud.show(id)).host).not.toBe(host);
  expect((await stage.cloud.migrations(id)).map(({ status }) => status)).toEqual(['completed']);
});

test.skipIf(onLab)('told to abort, it stays where it was, running', async () => {
  const { job, id, host } = await stuck();
  await stage.say('bob', `answer ${job} abort`);
  const { state, words } = await stage.ended(job);
  expect(state).toBe('partial');
  expect(words).toContain('aborted: bob said so');
  expect(await stage.cloud.show(id)).toMatchObject({ status: 'ACTIVE', host, task: null });
});

test.skipIf(onLab)('a question that nobody needs to answer any more is taken back', async () => {
  const { job, id, host } = await stuck();
  await stage.cloud.heal();
  const { state } = await stage.ended(job);
  expect(state).toBe('done');
  expect((await stage.cloud.show(id)).host).not.toBe(host);
  expect(await stage.say('alice', `answer ${job} abort`)).toContain('asks nothing now');
});

test.skipIf(onLab)(
  'a cold move that outlasts its drain is confirmed by the next one, which asks nobody about it',
  async () => {
    stage = await openStage({ simulator: { migrateSeconds: 160 }, settings: { totalDeadline: 4000 } });
    const { cloud } = stage;
    const host = await cloud.ownHost();
    const { id, name } = await cloud.server('slow', host);
    await cloud.become(id, 'SHUTOFF', { 'os-stop': null });
    const first = await stage.run(`maintenance ${host}`);
    expect(first.words).toContain("cannot be aborted: the drain's time was over");
    await cloud.until('it waits', async () => (await cloud.show(id)).status === 'VERIFY_RESIZE');
    const { job, words } = await stage.plan(`maintenance ${host}`);
    expect(words).toContain(`moved by job ${first.job}, which ended before it could confirm it: is confirmed`);
    expect(words).not.toContain('another hand');
    await stage.approve(job);
    const { state, words: told } = await stage.ended(job);
    expect([state, told]).toEqual(['done', expect.stringContaining(`${host} is empty`)]);
    expect(await cloud.migrations(id)).toMatchObject([{ status: 'confirmed' }]);
    expect(await cloud.show(id)).toMatchObject({ name, status: 'SHUTOFF' });
  },
);

test.skipIf(onLab)('a cold move of who came meanwhile that outlasts its drain is vigie’s own, too', async () => {
  stage = await openStage({ simulator: { migrateSeconds: 20 }, settings: { totalDeadline: 6000 } });
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  const { id: planned } = await cloud.server('planned', host);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  await cloud.until('the first move', async () => (await cloud.migrations(planned)).length > 0);
  const { id } = await cloud.server('late', host);
  await cloud.become(id, 'SHUTOFF', { 'os-stop': null });
  await story.until('a question', () => story.card(job)?.title.includes('question') ?? false);
  await cloud.migrationSeconds(160);
  await stage.say('alice', `answer ${job} move`);
  expect((await stage.ended(job)).words).toContain("cannot be aborted: the drain's time was over");
  await cloud.until('it waits', async () => (await cloud.show(id)).status === 'VERIFY_RESIZE');
  const next = await stage.plan(`maintenance ${host}`);
  expect(next.words).toContain(`moved by job ${job}, which ended before it could confirm it: is confirmed`);
  await stage.approve(next.job);
  expect((await stage.ended(next.job)).state).toBe('done');
  expect(await cloud.migrations(id)).toMatchObject([{ status: 'confirmed' }]);
});

test.skipIf(onLab)(
  'where all that Nova sends from a host does not end, what waits behind it is asked about',
  async () => {
    stage = await openStage({ settings: { serverDeadline: 2000 } });
    const { cloud, story } = stage;
    const host = await cloud.ownHost();
    const theirs = await cloud.server('theirs', host);
    const ours = await cloud.server('ours', host);
    await cloud.fail('hang', theirs.name);
    await cloud.act(theirs.id, { 'os-migrateLive': { host: null, block_migration: 'auto' } });
    const statusOf = async (id: string) => (await cloud.migrations(id))[0]?.status;
    await cloud.until('it holds the only lane', async () => (await statusOf(theirs.id)) === 'running');
    const { job } = await stage.plan(`maintenance ${host}`);
    await stage.approve(job);
    await story.until('a question', () => story.card(job)?.title.includes('question') ?? false);
    expect(await stage.say('rita', `job ${job}`)).toContain(`${ours.name} has waited in Nova's queue on ${host}`);
    await stage.say('bob', `answer ${job} abort`);
    const { state, words } = await stage.ended(job);
    expect([state, words]).toEqual(['partial', expect.stringContaining('aborted: bob said so; it stays')]);
    expect(await cloud.show(ours.id)).toMatchObject({ status: 'ACTIVE', host, task: null });
    expect([await statusOf(ours.id), await statusOf(theirs.id)]).toEqual(['cancelled', 'running']);
  },
);
