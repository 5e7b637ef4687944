import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, done, failed, later, unproven } from '../../src/command/outcome.ts';
import { restJob } from '../../src/jobs/lifecycle.ts';
import type { Story } from '../story.ts';
import { approved, endedAs, openToyStory, type Toy, toy } from './toys.ts';

let story: Story;
let play: Toy;
beforeEach(() => {
  play = toy();
});
afterEach(() => story.stop());

const nowhere = async () => ({ name: 'nowhere' }) as never;
const hour = 3_600_000;

const question = (ms = hour) =>
  ask({
    text: 'abort or leave?',
    choices: [
      { choice: 'abort', label: 'Abort' },
      { choice: 'leave', label: 'Leave' },
    ],
    fallback: 'leave',
    deadline: new Date(Date.now() + ms),
  });

test('cancelling a job that asks or is parked ends it, though it would rest again', async () => {
  story = await openToyStory(play);
  play.steps['ask'] = async () => question();
  play.steps['wait'] = async () => later(new Date(Date.now() + hour), 'the window opens soon');
  for (const [what, state] of [
    ['ask', 'asking'],
    ['wait', 'parked'],
  ] as const) {
    const job = await approved(story, what);
    await story.until(`it is ${state}`, async () => (await story.state(job)) === state);
    await story.say('carol', `!cancel ${job}`);
    expect((await endedAs(story, job, 'cancelled'))[0]).toContain('cancelled by carol');
  }
});

test('what was answered or cancelled while the worker was about to rest is not slept over', async () => {
  story = await openToyStory(play);
  play.steps['ask'] = async () => question();
  const job = await approved(story, 'ask');
  await story.until('it asks', async () => (await story.state(job)) === 'asking');
  await story.workers[0]?.stop();
  const { rows } = story.database;
  const { epoch } = await rows.selectFrom('job').select('epoch').where('id', '=', job).executeTakeFirstOrThrow();
  await rows.updateTable('job').set({ state: 'running', worker: 'late' }).where('id', '=', job).execute();
  const owner = { job, worker: 'late', epoch: Number(epoch) };
  const rest = { state: 'asking', until: new Date(Date.now() + hour), stages: ['go'], wish: null } as const;
  await rows
    .updateTable('step')
    .set({ answer: 'abort' })
    .where('job', '=', job)
    .where('state', '=', 'asking')
    .execute();
  expect(await restJob(story.database, owner, rest)).toBe(false);
  await rows.updateTable('step').set({ answer: null }).where('job', '=', job).where('state', '=', 'asking').execute();
  await rows.updateTable('job').set({ wish: 'cancel' }).where('id', '=', job).execute();
  expect(await restJob(story.database, owner, rest)).toBe(false);
  expect(await restJob(story.database, owner, { ...rest, wish: 'cancel' })).toBe(true);
});

test('a step that waits for a time goes on while another one still asks', async () => {
  story = await openToyStory(play);
  play.steps['ask'] = async () => question();
  play.steps['wait'] = async (context) => {
    if (context.checkpoint !== null) return done('in the window');
    await context.remember({ seen: 1 });
    return later(new Date(Date.now() + 1500), 'the window opens soon');
  };
  const job = await approved(story, 'ask,wait');
  await story.until('it asks', async () => (await story.state(job)) === 'asking');
  await story.until('the other goes on', async () => {
    const step = await story.database.rows
      .selectFrom('step')
      .select('state')
      .where('step_key', '=', 'one:wait')
      .executeTakeFirst();
    return step?.state === 'done';
  });
  await story.until('it asks again', async () => (await story.state(job)) === 'asking');
});

test('a job parked says until when and why', async () => {
  story = await openToyStory(play);
  play.steps['wait'] = async () => later(new Date(Date.now() + hour), 'the window opens soon');
  const job = await approved(story, 'wait');
  await story.until('it is parked', () => story.card(job)?.title.includes('waits until') ?? false);
  expect(JSON.stringify(story.card(job))).toContain('the window opens soon');
});

test('a query over several clouds is one card with every answer; it can be cancelled while a cloud is silent', async () => {
  story = await openToyStory(play, { clouds: { demo: nowhere, east: nowhere } });
  const report = await story.say('rita', '!look --cloud all');
  expect(report.title).toBe('look --cloud all: 2 of 2 clouds');
  expect(story.room.posts).toHaveLength(1);
  let speak = () => {};
  const silence = new Promise<void>((resolve) => {
    speak = resolve;
  });
  play.looks = () => silence;
  await story.mutter('alice', '!look --cloud all');
  const group = await story.lastJob();
  await story.say('alice', `!cancel ${group}`);
  expect(await story.state(group)).toBe('cancelled');
  speak();
});

test('a plan of one stage that did a part of it is partial, and so is one of which nothing is proven', async () => {
  play.stages = [{ name: 'go', onFailure: 'continue' }];
  play.steps['bad'] = async () => failed('it was bad');
  play.steps['lost'] = async () => unproven('asked for, not seen');
  story = await openToyStory(play);
  await endedAs(story, await approved(story, 'bad,fine'), 'partial');
  await endedAs(story, await approved(story, 'lost'), 'partial');
  await endedAs(story, await approved(story, 'bad'), 'failed');
});

test('cancel --now reaches a step of a plan of one stage', async () => {
  play.stages = [{ name: 'go', onFailure: 'continue' }];
  play.steps['slow'] = async (context) => {
    for (;;) await context.sleep(60_000);
  };
  story = await openToyStory(play);
  const job = await approved(story, 'slow');
  await story.until('it runs', async () => (await story.state(job)) === 'running');
  await story.say('bob', `!cancel ${job} --now`);
  expect((await endedAs(story, job, 'cancelled'))[0]).toContain('told to stop at once');
});

test('a job that finds one of its claims held leaves none of the others behind', async () => {
  story = await openToyStory(play);
  play.claims = ['host:demo/a', 'host:demo/b'];
  play.steps['ask'] = async () => question();
  const first = await approved(story, 'ask');
  await story.until('it asks', async () => (await story.state(first)) === 'asking');
  play.claims = ['host:demo/c', 'host:demo/b'];
  const second = await approved(story, 'x');
  await story.until('it ends', async () => (await story.state(second)) === 'failed');
  const held = await story.database.rows.selectFrom('claim').select(['what', 'job']).orderBy('what').execute();
  expect(held).toEqual([
    { what: 'host:demo/a', job: first },
    { what: 'host:demo/b', job: first },
  ]);
});

test('a job that has begun and whose worker is gone says so', async () => {
  story = await openToyStory(play);
  play.steps['ask'] = async () => question();
  const job = await approved(story, 'ask');
  await story.until('it asks', async () => (await story.state(job)) === 'asking');
  await story.workers[0]?.stop();
  await story.database.rows
    .updateTable('job')
    .set({ decided_at: new Date(Date.now() - 60_000) })
    .where('id', '=', job)
    .execute();
  await story.mutter('bob', `!answer ${job} leave`);
  await story.until('somebody says so', () =>
    story.room.posts.some(({ report }) => report.title.includes('go ask: no worker serves demo')),
  );
});
