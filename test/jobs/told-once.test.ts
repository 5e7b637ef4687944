import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Place } from '../../src/chat/message.ts';
import { done } from '../../src/command/outcome.ts';
import { openRoom, type Room, type Story, storyPolicy } from '../story.ts';
import { gate, openToyStory, toy } from './toys.ts';

const place: Place = { adapter: 'test', id: 'test:plain/ops', kind: 'channel' };
let story: Story;
let plain: Room;
let held: ReturnType<typeof gate>;

/** A chat that cannot change what it said: each change of a card is a line there. */
beforeEach(async () => {
  const chat = openRoom('test:plain');
  plain = { ...chat, able: { ...chat.able, edit: false } };
  held = gate();
  const play = toy();
  play.steps['a'] = async () => {
    await held.opened;
    return done('did a');
  };
  const policy = `${storyPolicy}\napproval:\n  - { risk: disruptive, votes: 2 }\n`;
  story = await openToyStory(play, { policy, adapters: [plain] });
});
afterEach(async () => {
  held.open();
  await story.stop();
});

let said = 0;

/** Resolves with what is posted as its answer, once the line was dealt with; null where only the card tells. */
async function say(person: string, text: string, where = place): Promise<string | null> {
  said += 1;
  const key = `plain-${said}`;
  await plain.hear({ key, from: { account: `test:${person}`, name: person }, place: where, text, at: new Date() });
  const answer = () =>
    story.database.rows
      .selectFrom('delivery')
      .select(['delivery_key', 'state'])
      .where('message_key', '=', key)
      .where('kind', '!=', 'card')
      .executeTakeFirst();
  await story.until(`an answer to ${text}`, async () => (await answer())?.state !== 'waiting');
  const found = await answer();
  return plain.posts.find(({ options }) => options.key === found?.delivery_key)?.report.title ?? null;
}

const told = (what: RegExp) =>
  story.until(`a card that says ${what}`, () =>
    plain.posts.some(({ history }) => history.some((report) => what.test(JSON.stringify(report)))),
  );

test('a vote and a cancel are told by the card alone, and said again they are answered', async () => {
  await say('alice', '!go a --cloud demo');
  const job = await story.lastJob();
  await told(/needs 2 approvals/);
  expect(await say('bob', `!approve ${job}`)).toBeNull();
  await told(/needs 1 approval by/);
  expect(await say('bob', `!approve ${job}`)).toContain(`you approved ${job} already (1 of 2): another person must`);
  expect(await say('carol', `!approve ${job}`)).toBeNull();
  await story.until('it runs', async () => (await story.state(job)) === 'running');
  expect(await say('alice', `!cancel ${job}`)).toBeNull();
  await told(/stopping \(alice cancelled\)/);
  expect(await say('bob', `!cancel ${job}`)).toContain(`cancel ${job} --now aborts that too`);
});

test('a vote that is said where the job has no card is answered there', async () => {
  await say('alice', '!go a --cloud demo');
  const job = await story.lastJob();
  await told(/needs 2 approvals/);
  const alone: Place = { adapter: 'test', id: 'test:plain/bob', kind: 'direct' };
  expect(await say('bob', `!approve ${job}`, alone)).toBe(`${job}: 1 of 2 approvals`);
  expect(await say('carol', `!deny ${job}`)).toBeNull();
});
