import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, done } from '../../src/command/outcome.ts';
import { findAudit } from '../../src/desk/audits.ts';
import type { Sitting } from '../../src/desk/desk.ts';
import { audit, verifyAudit } from '../../src/policy/audit.ts';
import { type Story, storyPolicy } from '../story.ts';
import { approved, endedAs, openToyStory, type Toy, toy } from './toys.ts';

let story: Story;
let play: Toy;
beforeEach(() => {
  play = toy();
});
afterEach(() => story.stop());

async function asking(): Promise<string> {
  play.steps['ask'] = async (context) =>
    context.answer === null
      ? ask({
          text: 'go on?',
          choices: [{ choice: 'yes', label: 'Yes' }],
          fallback: 'yes',
          deadline: new Date(Date.now() + 3_600_000),
        })
      : done('went on');
  const job = await approved(story, 'ask');
  await story.until('it asks', async () => (await story.state(job)) === 'asking');
  return job;
}

test('a stored step that is no longer the approved one is not carried on', async () => {
  story = await openToyStory(play);
  const job = await asking();
  await story.database.rows
    .updateTable('step')
    .set({ input: '{"name":"other"}' })
    .where('job', '=', job)
    .where('step_key', '=', 'proof')
    .execute();
  await story.say('bob', `!answer ${job} yes`);
  await story.until('it ends', async () => (await story.state(job)) === 'failed');
  await story.until('its card says why', () =>
    JSON.stringify(story.card(job)).includes('not the ones that were approved'),
  );
  expect(play.log).toEqual([]);
});

test('a job that somebody wrote as running, and that never began, touches nothing', async () => {
  story = await openToyStory(play);
  await story.say('alice', '!go a');
  const job = await story.lastJob();
  const { rows } = story.database;
  const step = { job, name: 'one', label: 'a', state: 'waiting', note: '' };
  await rows
    .insertInto('step')
    .values([
      { ...step, ordinal: 0, step_key: 'one:a', stage: 'go', input: '{"name":"a"}' },
      { ...step, ordinal: 1, step_key: 'proof', stage: 'proof', input: '{"name":"proof"}' },
    ])
    .execute();
  await rows.updateTable('job').set({ state: 'running', looked: 1 }).where('id', '=', job).execute();
  await story.until('it ends', async () => (await story.state(job)) === 'failed');
  expect(play.log).toEqual([]);
});

test('the rules hold for those who break the glass too', async () => {
  story = await openToyStory(play, {
    policy: storyPolicy.replace('rules:', 'rules:\n  - deny: [root]\n    commands: [approve]\n    clouds: [demo]'),
  });
  await story.say('alice', '!go a');
  const job = await story.lastJob();
  const said = await story.say('root', `!approve ${job} --break-glass "cmp1 is on fire"`);
  expect(said.title).toContain('denies root approve on demo');
  expect(await story.state(job)).toBe('awaiting');
});

test('the glass broken by whom the policy allows runs the plan, and is announced', async () => {
  story = await openToyStory(play);
  await story.say('alice', '!go a');
  const job = await story.lastJob();
  await story.say('root', `!approve ${job} --break-glass "cmp1 is on fire"`);
  expect(await endedAs(story, job, 'done')).toContain('a done did a');
  expect(JSON.stringify(story.room.posts)).toContain('root broke the glass');
});

test('the audit keeps every character, and what cannot be stored does not look tampered with', async () => {
  story = await openToyStory(play);
  await story.database.transaction((rows) =>
    audit(rows, { kind: 'line', line: 'half \ud83d, whole 🚒', human: 'Zoë' }),
  );
  expect(await verifyAudit(story.database.rows)).toMatchObject({ whole: true });
  const tables = await story.database.rows.selectFrom('audit').select('line').execute();
  expect(tables[0]?.line).toBe('half \ufffd, whole 🚒');
  // A search needs nothing of the sitting but its rows.
  const found = await findAudit({ rows: story.database.rows } as Sitting, 'HALF zoë');
  expect(found.title).toBe('1 entry');
});
