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

test('where rows are not read a chunk is one statement, as long as that takes its time', () => {
  const pace = openPace({ archived: false });
  fast(pace);
  expect([pace.chunk(), pace.piece()]).toEqual([5000, 5000]);
  pace.took(200);
  expect(pace.chunk()).toBe(2500);
});

test('after each statement the server rests for half its time, and never for long; where rows are read to be archived that is pause enough', () => {
  const pace = openPace({ archived: false });
  expect(pace.rest()).toBe(0);
  pace.took(60);
  expect(pace.rest()).toBe(30);
  pace.took(2000);
  expect(pace.rest()).toBe(50);
  const reading = openPace({ archived: true });
  reading.took(60);
  expect(reading.rest()).toBe(0);
});
