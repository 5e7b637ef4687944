import { afterEach, expect, test, vi } from 'vitest';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

/** A host with one ordinary server and one whose owner has not confirmed a resize. */
async function withResized(): Promise<{ host: string; job: string; resized: string }> {
  stage = await openStage();
  const { cloud, story } = stage;
  const away = await cloud.ownHost();
  const host = await cloud.ownHost();
  const { id } = await cloud.server('resized', away);
  const asked = await cloud.act(id, { migrate: { host } });
  if (asked.status !== 202) throw new Error(JSON.stringify(asked.body));
  await cloud.until('it waits for its owner', async () => (await cloud.show(id)).status === 'VERIFY_RESIZE');
  await cloud.server('plain', host);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  await story.until('it asks', async () => (await story.state(job)) === 'asking', 60_000);
  return { host, job, resized: id };
}

test('a resize that is not ours is asked about; left alone, the server stays and is told', async () => {
  const { host, job, resized } = await withResized();
  const asks = () => JSON.stringify(stage.story.card(job)).includes('was not this job that resized it');
  await stage.story.until('its card asks', asks);
  expect(await stage.say('bob', `answer ${job} maybe`)).toContain('confirm, leave');
  await stage.say('bob', `answer ${job} leave`);
  const { state, words } = await stage.ended(job);
  expect(state).toBe('partial');
  expect(words).toContain('its resize was left unconfirmed (bob)');
  expect(await stage.cloud.show(resized)).toMatchObject({ status: 'VERIFY_RESIZE', host });
});

test('a question that nobody answers takes its harmless choice', async () => {
  const { host, job, resized } = await withResized();
  const { rows } = stage.story.database;
  await rows
    .updateTable('step')
    .set({ until: new Date(0) })
    .where('job', '=', job)
    .where('state', '=', 'asking')
    .execute();
  const { state, words } = await stage.ended(job);
  expect(state).toBe('partial');
  expect(words).toContain('left unconfirmed (nobody in time)');
  expect(await stage.cloud.show(resized)).toMatchObject({ status: 'VERIFY_RESIZE', host });
});
