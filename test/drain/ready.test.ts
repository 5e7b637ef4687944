import { expect, test } from 'vitest';
import type { StepContext } from '../../src/command/command.ts';
import { ready } from '../../src/command/drain/ready.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { defaultSettings } from '../../src/openstack/config.ts';
import { aService, cmp1 } from './things.ts';

const minute = 60_000;
const began = new Date('2026-11-29T10:00:00Z').getTime();

/** A worker comes back so late; nova-compute reports every ten seconds until then and for so long after. */
async function lookedAt({ late, reports = Number.POSITIVE_INFINITY }: { late: number; reports?: number }) {
  let now = began + late;
  const cloud: Partial<Cloud> = {
    settings: defaultSettings,
    hypervisors: async () => [{}] as Awaited<ReturnType<Cloud['hypervisors']>>,
    computeService: async () => {
      const last = Math.min(now, began + late + reports);
      return aService({ updatedAt: new Date(last - (last % 10_000)) });
    },
  };
  const context: Partial<StepContext> = {
    cloud: cloud as Cloud, // what it does not ask for is not there
    startedAt: new Date(began),
    now: () => new Date(now),
    async sleep(ms) {
      now += ms;
    },
    progress: () => undefined,
  };
  const outcome = await ready({ host: cmp1, agents: [] }, context as StepContext); // as above
  return { state: outcome.state, took: now - began - late };
}

test('a worker that comes back after the deadline looks a whole round: what is well is opened', async () => {
  expect(await lookedAt({ late: 0 })).toEqual({ state: 'done', took: 20_000 });
  expect(await lookedAt({ late: 60 * minute })).toEqual({ state: 'done', took: 20_000 });
});

test('a round of looks ends, too: what reports no more stays closed', async () => {
  const { state, took } = await lookedAt({ late: 60 * minute, reports: 5000 });
  expect(state).toBe('failed');
  expect(took).toBeLessThan(5 * minute);
});
