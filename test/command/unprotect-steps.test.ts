import { expect, test } from 'vitest';
import type { EndedStep, StepContext } from '../../src/command/command.ts';
import { forget } from '../../src/command/protect/unprotect-steps.ts';
import { ServerId } from '../../src/openstack/names.ts';

const server = ServerId.parse('6f1c0b3e-58d4-4c07-9a3f-1f0e6f9f2d11');

async function forgetting(...steps: readonly Pick<EndedStep, 'key' | 'state'>[]) {
  const ends: string[] = [];
  const context: Partial<StepContext> = {
    ended: steps.map((step) => step as EndedStep), // no more of them is read
    leases: {
      find: async () => null,
      list: async () => [],
      take: async () => {},
      end: async (_kind, subject) => void ends.push(subject),
    },
  };
  const { state } = await forget({ server }, context as StepContext); // as above
  return { state, ended: ends.length === 1 };
}

test('the record ends once flag and lock are put back or gone', async () => {
  const well = await forgetting({ key: `unflag:${server}`, state: 'done' }, { key: `unlock:${server}`, state: 'gone' });
  expect(well).toEqual({ state: 'done', ended: true });
  expect(await forgetting()).toEqual({ state: 'done', ended: true });
});

test('the record stays where the flag or the lock could not be put back', async () => {
  for (const key of [`unflag:${server}`, `unlock:${server}`])
    for (const state of ['failed', 'unproven', 'blocked'] as const)
      expect(await forgetting({ key, state })).toEqual({ state: 'blocked', ended: false });
  const other = { key: `unflag:another`, state: 'failed' } as const;
  expect(await forgetting(other)).toEqual({ state: 'done', ended: true });
});
