import { expect, test } from 'vitest';
import { openPace } from '../../src/mysql/pace.ts';

function fast(pace: ReturnType<typeof openPace>): void {
  for (let piece = 0; piece < 20; piece += 1) pace.took(1);
}

test('a chunk that is archived fits the memory, however fast rows go', () => {
  const pace = openPace({ archived: true });
  fast(pace);
  expect(pace.chunk()).toBe((6 * 1024 * 1024) / 8192);
  pace.weigh(100, 100 * 64 * 1024);
  expect(pace.chunk()).toBe(96);
});

test('a statement is as long as takes a few milliseconds, and a chunk twenty of them; on a slow server neither gets lost in trifles', () => {
  const pace = openPace({ archived: false });
  fast(pace);
  expect([pace.chunk(), pace.piece()]).toEqual([5000, 500]);
  pace.took(10);
  expect([pace.chunk(), pace.piece()]).toEqual([5000, 250]);
  for (let piece = 0; piece < 20; piece += 1) pace.took(2000);
  expect([pace.chunk(), pace.piece()]).toEqual([1000, 50]);
});
