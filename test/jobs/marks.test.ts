import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Reaction } from '../../src/chat/message.ts';
import { callAgain } from '../../src/jobs/calls.ts';
import { dbIn } from '../../src/jobs/store.ts';
import { room, type Story, storyPolicy } from '../story.ts';
import { endedAs, openToyStory, type Toy, toy } from './toys.ts';

let story: Story;
let play: Toy;
beforeEach(async () => {
  play = toy();
  story = await openToyStory(play, { policy: `${storyPolicy}\napproval:\n  - { risk: disruptive, votes: 2 }\n` });
});
afterEach(() => story.stop());

let marks = 0;

async function mark(person: string, reaction: Partial<Reaction> = {}): Promise<void> {
  marks += 1;
  await story.room.hear({
    key: `mark-${marks}`,
    from: { account: `test:${person}`, name: person },
    place: room,
    text: '',
    at: new Date(),
    reaction: { on: cardHandle(), choice: 'approve', withdrawn: false, ...reaction },
  });
}

function cardHandle(): string {
  return story.room.posts.find(({ options }) => options.key.startsWith('card:'))?.handle ?? '';
}

async function voters(): Promise<string[]> {
  const votes = await story.database.rows.selectFrom('vote').select(['human', 'choice']).orderBy('human').execute();
  return votes.map(({ human, choice }) => `${human} ${choice}`);
}

test('marks on the card of a plan are votes, and the one taken away before the start no longer counts', async () => {
  await story.say('alice', '!go a');
  const job = await story.lastJob();
  await mark('bob');
  expect(await voters()).toEqual(['bob yes']);
  await mark('bob', { withdrawn: true });
  expect(await voters()).toEqual([]);
  await mark('bob');
  await mark('carol');
  expect(await endedAs(story, job, 'done')).toEqual(['a done did a', 'proof done did proof']);
});

test('two votes at the same moment are two', async () => {
  for (let round = 0; round < 5; round += 1) {
    await story.say('alice', '!go a');
    const job = await story.lastJob();
    await Promise.all(['bob', 'carol'].map((person) => story.mutter(person, `!approve ${job}`)));
    await endedAs(story, job, 'done');
  }
});

test('a mark on the line that calls once more for votes is a vote, as long as the plan waits', async () => {
  await story.say('alice', '!go a');
  const job = await story.lastJob();
  const soon = { planned_at: dbIn(-55 * 60_000), until: dbIn(5 * 60_000) };
  await story.database.rows.updateTable('job').set(soon).where('id', '=', job).execute();
  await callAgain(story.database);
  const isCall = ({ options }: { options: { key: string } }) => options.key.startsWith('call:');
  const call = () =>
    story.database.rows.selectFrom('delivery').select('handle').where('delivery_key', 'like', 'call:%');
  await story.until('the call', async () => (await call().executeTakeFirst())?.handle != null);
  const on = story.room.posts.find(isCall)?.handle ?? '';
  await mark('bob', { on });
  expect(await voters()).toEqual(['bob yes']);
  await mark('carol', { on, choice: 'deny' });
  await mark('bob', { on, choice: 'deny' });
  expect(await voters()).toEqual(['bob yes', 'carol no']);
});

test('a plan that one has voted on waits for others, not for oneself', async () => {
  await story.say('alice', '!go a');
  const mine = async () => JSON.stringify(await story.say('bob', '!mine'));
  expect(await mine()).toContain('bob, 1 plan waits for you');
  await mark('bob');
  const voted = await mine();
  expect(voted).toContain('bob, nothing waits for you');
  expect(voted).toContain('you voted, others must');
});

test('a mark that is a no ends the plan', async () => {
  await story.say('alice', '!go a');
  await mark('bob', { choice: 'deny' });
  expect(await story.state(await story.lastJob())).toBe('cancelled');
});

test('a mark counts for nothing on another post, by a stranger, or by whoever asked', async () => {
  await story.say('alice', '!go a');
  await mark('bob', { on: 'another post' });
  await mark('mallory');
  expect(await story.database.rows.selectFrom('delivery').select('id').where('kind', '=', 'aside').execute()).toEqual(
    [],
  );
  await mark('alice');
  expect(await voters()).toEqual([]);
  await story.until('the answer', () => story.room.posts.some(({ options }) => options.aside === 'test:alice'));
});

test('an approval that is taken back as the plan is about to begin sends it back to wait', async () => {
  await story.say('alice', '!go a');
  const job = await story.lastJob();
  for (const worker of story.workers) await worker.stop();
  await mark('bob');
  await mark('carol');
  expect(await story.state(job)).toBe('queued');
  // As a worker leaves it between its claims and its second look.
  await story.database.rows.insertInto('claim').values({ what: 'host:east/cmp1', job }).execute();
  await mark('carol', { withdrawn: true });
  expect(await story.state(job)).toBe('awaiting');
  expect(await story.database.rows.selectFrom('claim').selectAll().execute()).toEqual([]);
  expect(await voters()).toEqual(['bob yes']);
  expect(play.log).toEqual([]);
});
