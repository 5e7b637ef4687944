import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/chat/user-error.ts';
import { ask, blocked, done, failed, later } from '../../src/command/outcome.ts';
import type { Story } from '../story.ts';
import { approved, endedAs, gate, openToyStory, type Toy, toy } from './toys.ts';

let story: Story;
let play: Toy;
beforeEach(async () => {
  play = toy();
  story = await openToyStory(play);
});
afterEach(() => story.stop());

test('a query is answered once, in its place', async () => {
  expect((await story.say('rita', '!look')).title).toBe('seen');
  expect(story.room.posts).toHaveLength(1);
});

test('the same message heard twice is one message', async () => {
  await story.mutter('rita', '!look', 'same');
  await story.mutter('rita', '!look', 'same');
  expect(await story.database.rows.selectFrom('job').selectAll().execute()).toHaveLength(1);
});

test('a disruptive plan waits for another person, then runs, and is proven', async () => {
  expect((await story.say('alice', '!go a,b')).title).toBe('go a,b');
  const job = await story.lastJob();
  expect((await story.say('alice', `!approve ${job}`)).title).toContain('somebody else');
  expect((await story.say('alice2', `!approve ${job}`)).title).toContain('somebody else');
  expect((await story.say('rita', `!approve ${job}`)).title).toContain('approver');
  expect((await story.say('bob', '!approve')).title).toBe(`${job} approved by bob`);
  expect(await endedAs(story, job, 'done')).toEqual(['a done did a', 'b done did b', 'proof done did proof']);
  expect((await story.say('carol', `!approve ${job}`)).title).toContain('is done already');
});

test('one denial ends it and nothing is touched', async () => {
  await story.say('alice', '!go a');
  const job = await story.lastJob();
  await story.say('bob', `!deny ${job} --reason "not tonight"`);
  expect(await story.state(job)).toBe('cancelled');
  expect(play.log).toEqual([]);
});

test('a failed step lets the others go on where the stage says so, and the job is partial', async () => {
  play.steps['bad'] = async () => failed('it was bad');
  play.steps['stuck'] = async () => blocked('it was stuck');
  const job = await approved(story, 'bad,stuck,fine');
  expect(await endedAs(story, job, 'partial')).toEqual([
    'bad failed it was bad',
    'stuck blocked it was stuck',
    'fine done did fine',
    'proof done did proof',
  ]);
});

test('a stage that stops at a failure starts nothing more, but the last stage runs all the same', async () => {
  play.stages = [
    { name: 'go', lanes: 1, onFailure: 'stop' },
    { name: 'proof', always: true },
  ];
  play.steps['bad'] = async () => failed('it was bad');
  const job = await approved(story, 'bad,never');
  expect(await endedAs(story, job, 'failed')).toEqual([
    'bad failed it was bad',
    'never blocked not started: an earlier step failed',
    'proof done did proof',
  ]);
  expect(play.log).toEqual(['proof']);
});

test('what a step throws is told in words, and a bug only by its job', async () => {
  play.steps['user'] = async () => {
    throw new UserError('no DSN for the cell');
  };
  play.steps['bug'] = async () => {
    throw new TypeError('secret.stack is undefined');
  };
  const job = await approved(story, 'user,bug');
  const lines = await endedAs(story, job, 'failed');
  expect(lines[0]).toBe('user failed no DSN for the cell');
  expect(lines[1]).toContain(`job ${job}`);
  expect(JSON.stringify(story.room.posts)).not.toContain('secret.stack');
});

test('cancel lets what runs finish, starts nothing new, and says what was left', async () => {
  const slow = gate();
  play.stages = [
    { name: 'go', lanes: 1, onFailure: 'continue' },
    { name: 'proof', always: true },
  ];
  play.steps['slow'] = async () => {
    await slow.opened;
    return done('did slow');
  };
  const job = await approved(story, 'slow,next');
  await story.until(
    'it runs',
    async () =>
      (
        await story.database.rows
          .selectFrom('step')
          .select('state')
          .where('step_key', '=', 'one:slow')
          .executeTakeFirst()
      )?.state === 'running',
  );
  await story.say('carol', `!cancel ${job}`);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  slow.open();
  expect(await endedAs(story, job, 'cancelled')).toEqual([
    'slow done did slow',
    'next blocked cancelled by carol',
    'proof done did proof',
  ]);
});

test('cancel --now wakes a step, which ends by its own means', async () => {
  play.steps['slow'] = async (context) => {
    for (;;) {
      try {
        await context.sleep(60_000);
      } catch {
        await context.act({ abort: true }, async () => play.log.push('aborted'));
        await context.sleep(1);
        return blocked('aborted on request');
      }
    }
  };
  const job = await approved(story, 'slow,other');
  await story.until('it runs', async () => (await story.state(job)) === 'running');
  await story.say('bob', `!cancel ${job} --now`);
  const lines = await endedAs(story, job, 'cancelled');
  expect(lines[0]).toBe('slow blocked aborted on request');
  expect(play.log).toContain('aborted');
});

test('a question stops only what waits for it, and its answer goes on', async () => {
  play.steps['ask'] = async (context) =>
    context.answer === null
      ? ask({
          text: 'abort or leave?',
          choices: [
            { choice: 'abort', label: 'Abort' },
            { choice: 'leave', label: 'Leave' },
          ],
          fallback: 'leave',
          deadline: new Date(Date.now() + 3_600_000),
        })
      : done(`${context.answer.by} chose ${context.answer.choice}`);
  const job = await approved(story, 'ask,other');
  await story.until('it asks', async () => (await story.state(job)) === 'asking');
  expect(play.log).toEqual(['other']);
  expect((await story.say('carol', `!answer ${job} maybe`)).title).toContain('abort, leave');
  await story.say('carol', `!answer ${job} abort`);
  expect((await endedAs(story, job, 'done'))[0]).toBe('ask done carol chose abort');
});

test('a question nobody answers takes its fallback at its deadline', async () => {
  play.steps['ask'] = async (context) =>
    context.answer === null
      ? ask({
          text: 'abort or leave?',
          choices: [{ choice: 'leave', label: 'Leave' }],
          fallback: 'leave',
          deadline: new Date(Date.now() + 1000),
        })
      : done(`${context.answer.by} chose ${context.answer.choice}`);
  const job = await approved(story, 'ask');
  expect((await endedAs(story, job, 'done'))[0]).toBe('ask done nobody in time chose leave');
});

test('a step that waits for a time holds no worker meanwhile', async () => {
  play.steps['wait'] = async (context) => {
    if (context.checkpoint !== null) return done('in the window');
    await context.remember({ seen: 1 });
    return later(new Date(Date.now() + 1500), 'the window opens soon');
  };
  const job = await approved(story, 'wait');
  await story.until('it is parked', async () => (await story.state(job)) === 'parked');
  expect(
    (await story.database.rows.selectFrom('job').select('worker').where('id', '=', job).executeTakeFirstOrThrow())
      .worker,
  ).toBeNull();
  expect((await endedAs(story, job, 'done'))[0]).toBe('wait done in the window');
});

test('freeze holds back what has not begun, and only another person thaws', async () => {
  await story.say('carol', '!freeze "switch is flapping"');
  const job = await approved(story, 'a');
  await story.until('it runs', async () => (await story.state(job)) === 'running');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(play.log).toEqual([]);
  expect((await story.say('carol', '!thaw')).title).toContain('another person');
  await story.say('bob', '!thaw');
  expect(await endedAs(story, job, 'done')).toContain('a done did a');
});

test('two jobs cannot hold the same thing, and the second is told who does', async () => {
  const slow = gate();
  play.claims = ['host:demo/cmp1'];
  play.steps['slow'] = async () => {
    await slow.opened;
    return done();
  };
  const first = await approved(story, 'slow');
  await story.until('it runs', async () => (await story.state(first)) === 'running');
  const second = await approved(story, 'b');
  await story.until('it ends', async () => (await story.state(second)) === 'failed');
  slow.open();
  await story.until('the card says why', () =>
    JSON.stringify(story.card(second)).includes(`held by go slow (${first})`),
  );
  await endedAs(story, first, 'done');
});

test('what got bigger or harsher since the approval is asked about again; what left or got milder is not', async () => {
  play.rows = { a: 2, b: 2 };
  await story.say('alice', '!go a,b');
  const first = await story.lastJob();
  play.rows = { a: 4, b: -1 };
  await story.say('bob', `!approve ${first}`);
  await story.until('it is stale', async () => (await story.state(first)) === 'stale');
  const second =
    (await story.database.rows.selectFrom('job').select('successor').where('id', '=', first).executeTakeFirstOrThrow())
      .successor ?? '';
  await story.until('the new card', () => story.card(second) !== undefined);
  const table = story.card(second)?.blocks[0];
  expect(table).toMatchObject({ kind: 'table', rows: [['a', 'weight 2', 'weight 4', '']] });
  play.rows = { a: 1, b: -1 };
  await story.say('bob', `!approve ${second}`);
  expect(await endedAs(story, second, 'done')).toContain('a done did a');
  expect(play.log).toEqual(['a', 'proof']);
});

test('a worker that stops hands its job to the next, which does nothing twice', async () => {
  const slow = gate();
  play.stages = [
    { name: 'go', lanes: 1, onFailure: 'continue' },
    { name: 'proof', always: true },
  ];
  play.steps['slow'] = async (context) => {
    if (context.checkpoint === null) await context.act({ asked: 1 }, async () => play.log.push('slow'));
    slow.open();
    if (play.log.length === 1 && story.workers.length === 1) await context.sleep(60_000);
    await context.sleep(1);
    return done('did slow');
  };
  const job = await approved(story, 'slow,after');
  await slow.opened;
  await story.startWorker();
  await story.workers[0]?.stop();
  expect(await endedAs(story, job, 'done')).toEqual([
    'slow done did slow',
    'after done did after',
    'proof done did proof',
  ]);
  expect(play.log).toEqual(['slow', 'after', 'proof']);
});

test('a worker that lost its job writes nothing and asks nothing of the cloud any more', async () => {
  const slow = gate();
  const seen: string[] = [];
  play.steps['slow'] = async (context) => {
    await slow.opened;
    await context
      .act({ asked: 1 }, async () => seen.push('asked'))
      .catch((error: Error) => {
        seen.push(error.name);
        throw error;
      });
    return done();
  };
  const job = await approved(story, 'slow');
  await story.until('it runs', async () => (await story.state(job)) === 'running');
  await story.until(
    'the step runs',
    async () =>
      (
        await story.database.rows
          .selectFrom('step')
          .select('state')
          .where('step_key', '=', 'one:slow')
          .executeTakeFirst()
      )?.state === 'running',
  );
  await story.database.rows
    .updateTable('job')
    .set((set) => ({ epoch: set('epoch', '+', 1), worker: 'another' }))
    .where('id', '=', job)
    .execute();
  slow.open();
  await story.until('it noticed', () => seen.length > 0);
  expect(seen).toEqual(['Fenced']);
});

test('a forged vote is refused by the worker', async () => {
  await story.say('alice', '!go a');
  const job = await story.lastJob();
  const { plan_hash } = await story.database.rows
    .selectFrom('job')
    .select('plan_hash')
    .where('id', '=', job)
    .executeTakeFirstOrThrow();
  await story.database.rows
    .insertInto('vote')
    .values({
      job,
      human: 'bob',
      account: 'test:bob',
      choice: 'yes',
      plan_hash: plan_hash ?? '',
      reason: null,
      at: new Date(),
    })
    .execute();
  await story.database.rows.updateTable('job').set({ state: 'queued' }).where('id', '=', job).execute();
  await story.until('it ends', async () => (await story.state(job)) === 'failed');
  expect(play.log).toEqual([]);
  await story.until('the card says why', () => JSON.stringify(story.card(job)).includes('0 of 1 valid approvals'));
});

test('a plan changed in the database is refused by the worker', async () => {
  await story.say('alice', '!go a');
  const job = await story.lastJob();
  const { plan } = await story.database.rows
    .selectFrom('job')
    .select('plan')
    .where('id', '=', job)
    .executeTakeFirstOrThrow();
  await story.database.rows
    .updateTable('job')
    .set({ plan: (plan ?? '').replaceAll('"name":"a"', '"name":"z"') })
    .where('id', '=', job)
    .execute();
  await story.mutter('bob', `!approve ${job}`);
  await story.until('it ends', async () => (await story.state(job)) === 'failed');
  expect(play.log).toEqual([]);
});

test('the audit tells it all and proves itself; a changed entry is found', async () => {
  const job = await approved(story, 'a');
  await endedAs(story, job, 'done');
  expect((await story.say('rita', '!audit verify')).title).toContain('the audit is whole');
  await story.database.rows.updateTable('audit').set({ human: 'mallory' }).where('kind', '=', 'vote').execute();
  expect((await story.say('rita', '!audit verify')).title).toContain('tampered');
});

test('a job that no worker takes says so', async () => {
  await story.workers[0]?.stop();
  await story.mutter('rita', '!look');
  await story.until(
    'somebody says so',
    () => story.room.posts.some((post) => post.report.title.includes('no worker serves demo')),
    12_000,
  );
}, 20_000);
