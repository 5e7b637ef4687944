import { expect, test } from 'vitest';
import type { EndedStep, StepContext } from '../../src/command/command.ts';
import { evacuate } from '../../src/command/evacuate/evacuate.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { defaultSettings } from '../../src/openstack/config.ts';
import { aServer, aService, cmp1, serverId } from './things.ts';

const closed = new Date('2026-11-29T10:00:00Z');

/** A request was sent for its server, and Nova shows nothing of it. */
async function afterAsking(heartbeat: Date) {
  const cloud: Partial<Cloud> = {
    settings: defaultSettings,
    server: async () => aServer(),
    migrations: async () => [],
    computeService: async () => aService({ state: 'down', forcedDown: true, updatedAt: heartbeat }),
  };
  const at = new Date(closed.getTime() + 1000);
  const cordon: Partial<EndedStep> = { step: 'cordon', state: 'done', output: { heartbeat: closed.toISOString() } };
  let now = at.getTime();
  const context: Partial<StepContext> = {
    cloud: cloud as Cloud, // what it does not ask for is not there
    checkpoint: { seen: null, status: 'ACTIVE', at: at.toISOString(), tries: 3, refused: null },
    startedAt: at,
    ended: [cordon as EndedStep],
    now: () => new Date(now),
    async sleep() {
      now += 3_600_000;
    },
    progress: () => undefined,
  };
  const input = { server: serverId, from: cmp1, shared: false, disk: 'kept' as const };
  const outcome = await evacuate(input, context as StepContext); // as above
  return { state: outcome.state, note: 'note' in outcome ? outcome.note : '' };
}

test('a request that Nova shows nothing of is not waited for once its host was heard of again', async () => {
  const heard = await afterAsking(new Date(closed.getTime() + 60_000));
  expect(heard).toMatchObject({ state: 'unproven' });
  expect(heard.note).toMatch(/^asked already: nova-compute on cmp1 reported again/);
  expect((await afterAsking(closed)).note).not.toContain('reported again');
});
