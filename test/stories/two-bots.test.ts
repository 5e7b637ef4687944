import { afterEach, expect, test } from 'vitest';
import { startBot } from '../../src/bot.ts';
import { openBells } from '../../src/jobs/queue.ts';
import { redisPrefix, redisUrl } from '../setup/servers.ts';
import { openRoom, openStory, type Room, room, type Story } from '../story.ts';

let story: Story;
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await story.stop();
});

/** A second bot of the same installation, in the same room. */
async function secondBot(connected: () => boolean): Promise<Room> {
  const chat: Room = { ...openRoom('test:both'), connected };
  const { database, registry, log, policy } = story;
  const bells = openBells(redisUrl(), redisPrefix());
  const parts = { version: 'test', environment: 'test', database, bells, registry, log, policy, prefix: '!' };
  const bot = await startBot({ ...parts, adapters: [chat] });
  ends.push(async () => {
    await bot.stop();
    await bells.close();
  });
  return chat;
}

test('of two bots the one that is connected speaks, whichever held the connection before', async () => {
  story = await openStory();
  let firstIsThere = true;
  const first = await secondBot(() => firstIsThere);
  const say = (key: string) =>
    first.hear({
      key,
      from: { account: 'test:alice', name: 'alice' },
      place: { ...room, id: 'test:both' },
      text: '!jobs',
      at: new Date(),
    });
  await say('one');
  await story.until('the first answers', () => first.posts.length === 1);

  firstIsThere = false;
  const other = await secondBot(() => true);
  await say('two');

  // Sooner than what the first holds would run out by itself.
  await story.until('the other answers', () => other.posts.length === 1, 8000);
  expect(first.posts).toHaveLength(1);
});
