import { expect, test, vi } from 'vitest';
import { onLab } from '../clouds.ts';
import { chance, seed, times } from '../setup/chance.ts';
import { night } from './others.ts';

const nights = times(onLab ? 2 : 3);
vi.setConfig({ testTimeout: nights * 300_000, hookTimeout: 300_000 });

test(`in ${nights} nights others stop, move, resize and delete what is drained, and machines fail`, async () => {
  for (let number = 0; number < nights; number += 1) {
    const { state, acts, ...truth } = await night(chance(seed + number));
    console.info(`seed ${seed + number}: ${state} after ${acts.length} acts: ${acts.join(', ')}`);
    expect(truth, `seed ${seed + number}`).toEqual({
      untold: [],
      twice: [],
      confirmed: [],
      ahead: [],
      together: [],
      auditWhole: true,
    });
  }
});
