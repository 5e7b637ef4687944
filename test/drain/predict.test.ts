import { expect, test } from 'vitest';
import { predict } from '../../src/command/drain/predict.ts';
import type { PastDrain } from '../../src/command/history.ts';

function drain(changes: Partial<PastDrain> = {}): PastDrain {
  const moves = [1024, 2048, 4096].map((ramMb) => ({ how: 'live' as const, ramMb, seconds: 10 + ramMb / 128 }));
  const moving = moves.reduce((sum, { seconds }) => sum + seconds, 0);
  return { moves, moving, took: moving + 5, predicted: null, ...changes };
}

test('a new drain is reckoned from the moves before it, by their memory', () => {
  const four = Array.from({ length: 4 }, () => ({ how: 'live' as const, ramMb: 8192 }));
  expect(predict(four, [drain()])?.seconds).toBe(4 * (10 + 64) + 5);
  expect(predict(four, [drain()])?.words).toBe('about 5 min, by 3 moves here');
});

test('moves that went side by side before will again', () => {
  const once = drain();
  const twice = drain({ moving: once.moving / 2, took: once.moving / 2 });
  expect(predict([{ how: 'live', ramMb: 1024 }], [twice])?.seconds).toBe(9);
});

test('what was predicted is held against what it took', () => {
  const past = [
    drain({ predicted: 100, took: 110 }),
    drain({ predicted: 100, took: 70 }),
    drain({ predicted: 100, took: 130 }),
  ];
  expect(predict([{ how: 'live', ramMb: 1024 }], past)?.words).toContain('the last 3 guesses were 30 % off');
});

test('of what is not known it is said that it is not in the time of the others', () => {
  const one = { how: 'live' as const, ramMb: 1024 };
  const both = predict([one, { how: 'cold', ramMb: 512 }], [drain()]);
  expect(both).toMatchObject({ seconds: predict([one], [drain()])?.seconds, whole: false });
  expect(both?.words).toMatch(/^about .*; and 1 moved cold, of which too few were before$/);
  expect(predict([one], [drain()])?.whole).toBe(true);
});

test('too few moves of a kind predict nothing', () => {
  expect(predict([{ how: 'cold', ramMb: 1024 }], [drain()])).toBeNull();
  expect(predict([{ how: 'live', ramMb: 1024 }], [])).toBeNull();
});
