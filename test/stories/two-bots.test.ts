import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { openStory, room, type Story } from '../story.ts';

let story: Story;
afterEach(() => story.stop());

test('of two bots the one that is connected speaks, whichever held the connection before', async () => {
  story = await openStory();
  const first = await story.startBot('test:both');
  const say = () =>
    first.hear({
      key: randomBytes(6).toString('hex'),
      from: { account: 'test:alice', name: 'alice' },
      place: { ...room, id: 'test:both' },
      text: '!jobs',
      at: new Date(),
    });
  await say();
  await story.until('the first answers', () => first.posts.length === 1);

  Object.assign(first, { connected: () => false });
  const other = await story.startBot('test:both');
  await say();

  // Sooner than what the first holds would run out by itself.
  await story.until('the other answers', () => other.posts.length === 1, 8000);
  expect(first.posts).toHaveLength(1);
});
