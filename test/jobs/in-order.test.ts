import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Place } from '../../src/chat/message.ts';
import { openRoom, type Room, type Story } from '../story.ts';
import { gate, openToyStory, toy } from './toys.ts';

const place: Place = { adapter: 'test', id: 'test:plain/ops', kind: 'channel' };
let story: Story;
let plain: Room;

/** A chat that keeps the order of what is under way, as IRC does. */
beforeEach(async () => {
  const chat = openRoom('test:plain');
  plain = { ...chat, ahead: 32, able: { ...chat.able, edit: false } };
  story = await openToyStory(toy(), { adapters: [plain] });
});
afterEach(() => story.stop());

function ask(key: string, text: string, where = place): Promise<void> {
  const from = { account: `test:${key}`, name: key };
  return plain.hear({ key, from, place: where, text, at: new Date() });
}

/** Whose question each answer is to, as they were said. */
function answered(): string[] {
  return plain.posts.map(({ options: { key } }) => key.split(':').at(-1) ?? key);
}

const lines = ['!job', '!help', '!jobs', '!nonsense', '!whoami', '!approve zzzz', '!job zzzz'];

test('thirty people ask in one instant, whatever they ask, and are answered in order of asking', async () => {
  for (let round = 0; round < 5; round += 1) {
    const people = Array.from({ length: 30 }, (_, who) => `r${round}-p${who}`);
    await Promise.all(people.map((who, at) => ask(who, lines[at % lines.length] ?? '')));
    await story.until('thirty answers', () => answered().length === 30 * (round + 1));
    expect(answered().slice(30 * round)).toEqual(people);
  }
});

test('a question that takes long keeps the others of its place back for a few seconds, and no other place', async () => {
  const slow = gate();
  const taken = gate();
  const holding = story.database.transaction(async (rows) => {
    await rows.insertInto('heard').values({ adapter: 'test', message_key: 'slow', at: new Date() }).execute();
    taken.open();
    await slow.opened;
    throw new Error('not heard');
  });
  await taken.opened;
  const asked = performance.now();
  const first = ask('slow', '!jobs');
  await Promise.all([ask('next', '!jobs'), ask('quick', '!help')]);
  const elsewhere = { ...place, id: 'test:plain/elsewhere' };
  await Promise.all([ask('other', '!jobs', elsewhere), ask('another', '!help', elsewhere)]);
  await story.until('both elsewhere', () => ['other', 'another'].every((who) => answered().includes(who)));
  // On a machine that took longer than that over four lines nothing is told by their order.
  if (performance.now() - asked < 2500) expect(answered().toSorted()).toEqual(['another', 'other']);
  await story.until('those behind it', () => answered().length === 4);
  expect(answered()).not.toContain('slow');
  slow.open();
  await expect(holding).rejects.toThrow('not heard');
  await first;
  await story.until('the slow one', () => answered().length === 5);
  await sleep(100);
  expect(answered()).toHaveLength(5);
});
