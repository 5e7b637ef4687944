import { expect, test, vi } from 'vitest';
import { onLab } from '../clouds.ts';
import { seed, times } from '../setup/chance.ts';
import { night } from './others.ts';

const nights = times(onLab ? 2 : 3);
vi.setConfig({ testTimeout: nights * 300_000, hookTimeout: 300_000 });

/** A night is mostly waited for: some can wait at once. A real cloud has no room for more than two. */
const atOnce = onLab ? 2 : 3;

test(`in ${nights} nights others stop, move, resize and delete what is drained, and machines fail`, async () => {
  let arrived = 0;
  async function everySecond(first: number): Promise<void> {
    for (let number = first; number < nights; number += atOnce) {
      const moved = await oneNight(seed + number);
      arrived += moved;
    }
  }
  // A night that ends badly leaves the others their time to put everything back.
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, (_, first) => everySecond(first)));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  expect(arrived, 'moves that came to their end').toBeGreaterThan(0);
});

async function oneNight(own: number): Promise<number> {
  const { state, acts, arrived, ...truth } = await night(own);
  console.info(`seed ${own}: ${state}, ${arrived} moved, after ${acts.length} acts: ${acts.join(', ')}`);
  expect(truth, `seed ${own}`).toEqual({
    untold: [],
    twice: [],
    confirmed: [],
    ahead: [],
    together: [],
    auditWhole: true,
  });
  return arrived;
}
