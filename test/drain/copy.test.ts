import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Copy, isStuck, seeCopy, unseenCopy } from '../../src/command/drain/copy.ts';
import { aMigration } from './things.ts';

const gb = 1 << 30;

/** Looks one second apart at what is left of the memory, and of the disks. */
function after(memory: readonly number[], disk: readonly number[] = []): Copy {
  const looks = memory.map((left, at) =>
    aMigration({
      memory: { totalBytes: 500 * gb, remainingBytes: left },
      disk: { totalBytes: 900 * gb, remainingBytes: disk[at] ?? 0 },
    }),
  );
  return looks.reduce((copy, migration, at) => seeCopy(copy, [migration], new Date((at + 1) * 1000)), unseenCopy);
}

/** A pass from so much down, in so many looks. */
function pass(from: number, looks: number): number[] {
  return Array.from({ length: looks }, (_, at) => Math.round((from * (looks - at)) / looks));
}

test('a later, smaller pass of a huge guest comes on for as long as it takes', () => {
  const copy = after([...pass(500 * gb, 200), ...pass(50 * gb, 80), ...pass(20 * gb, 40)]);
  expect(copy.looks).toBe(0);
  expect(copy.shrankAt).toEqual(new Date(320_000));
});

test('a guest that writes as fast as it is copied begins every pass anew: it stands still, though each pass falls', () => {
  const copy = after([...pass(64 * gb, 40), ...pass(60 * gb, 40), ...pass(60 * gb, 20), ...pass(61 * gb, 15)]);
  expect(copy).toMatchObject({ looks: 35, shrankAt: new Date(80_000) });
  // One that begins with less at last counts again.
  expect(after([...pass(64 * gb, 40), ...pass(64 * gb, 40), ...pass(30 * gb, 9)]).looks).toBe(0);
});

test('what hangs stands still from its first look on; what tells no figures never does', () => {
  expect(after(Array.from({ length: 31 }, () => gb)).looks).toBe(30);
  expect(after(Array.from({ length: 31 }, () => 0))).toMatchObject({ looks: 0, shrankAt: null });
  expect(seeCopy(after([gb, gb, gb]), [aMigration({ status: 'preparing' })], new Date(1))).toEqual(unseenCopy);
});

test('what is looked at more often stands still no sooner', () => {
  const still = after(Array.from({ length: 31 }, () => gb));
  expect(isStuck(still, new Date(31_000), 1000)).toBe(true);
  expect(isStuck(still, new Date(31_000), 2000)).toBe(false);
  expect(isStuck(still, new Date(61_000), 2000)).toBe(true);
  expect(isStuck(after(Array.from({ length: 30 }, () => gb)), new Date(90_000), 1000)).toBe(false);
});

test('after the switch to post-copy it still is when it was last seen to come on, and nothing stands still', () => {
  const stuck = after([...pass(64 * gb, 40), ...pass(64 * gb, 40)]);
  const switched = seeCopy(stuck, [aMigration({ status: 'running (post-copy)' })], new Date(90_000));
  expect(switched).toEqual({ ...stuck, looks: 0 });
});

test('disks that are copied before the memory come on, too, and the memory after them', () => {
  const looks = pass(900 * gb, 100);
  expect(
    after(
      looks.map(() => 0),
      looks,
    ).looks,
  ).toBe(0);
  expect(after([...looks.map(() => 0), ...pass(64 * gb, 50)], looks).looks).toBe(0);
});

test('a copy that only ever falls never stands still', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 1e9 }), { minLength: 1 }), (sizes) => {
      expect(after(sizes.toSorted((a, b) => b - a)).looks).toBe(0);
    }),
  );
});
