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
