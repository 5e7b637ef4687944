import { expect, test } from 'vitest';
import { openProgress } from '../../adapters/irc/progress.ts';
import { Later } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';

const step = (done: number): Report => ({ title: `drain cmp1: ${done} of 999 steps`, tone: 'plain', blocks: [] });
const telling = { key: 'card:1a2b', weight: 'progress', phase: 'running' } as const;

test('a drain that goes on for hours says how far it is ever less often', () => {
  let now = 0;
  const progress = openProgress(
    () => true,
    () => now,
  );
  const told: number[] = [];
  for (; now <= 600_000; now += 1000) {
    try {
      told.push(...progress(step(now), step(now - 1), telling).map(() => now / 1000));
    } catch (later) {
      expect(later).toBeInstanceOf(Later);
    }
  }
  expect(told).toEqual([0, 10, 30, 70, 150, 270, 390, 510]);
});

test('each job has its own pace, and nothing is said where nothing has changed', () => {
  const progress = openProgress(
    () => true,
    () => 0,
  );
  expect(progress(step(1), step(0), telling)).toHaveLength(1);
  expect(progress(step(1), step(0), { ...telling, key: 'card:3c4d' })).toHaveLength(1);
  expect(progress(step(1), step(1), telling)).toEqual([]);
  expect(() => progress(step(2), step(1), telling)).toThrow('to be said in 10000 ms');
});

test('how far a job is waits while anything else does', () => {
  let idle = false;
  const progress = openProgress(
    () => idle,
    () => 0,
  );
  expect(() => progress(step(1), step(0), telling)).toThrow('to be said in 2000 ms');
  idle = true;
  expect(progress(step(2), step(0), telling)).toEqual(['drain cmp1: 2 of 999 steps']);
});
