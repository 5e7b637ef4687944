import { expect, test } from 'vitest';
import type { StepContext } from '../../src/command/command.ts';
import { move } from '../../src/command/drain/move.ts';
import type { Cloud, Server } from '../../src/openstack/cloud.ts';
import { defaultSettings } from '../../src/openstack/config.ts';
import { aServer, cmp1, cmp2, serverId } from './things.ts';

const began = new Date('2026-11-29T10:00:00Z');

/** Its server is so for four looks, and elsewhere then: how long it slept between them, and what it said meanwhile. */
async function waited(server: Server, waits: string | null) {
  const looks = [server, server, server, server];
  const sleeps = new Set<number>();
  const said = new Set<string>();
  const cloud: Partial<Cloud> = {
    settings: defaultSettings,
    server: async () => looks.shift() ?? aServer({ host: cmp2 }),
    databases: { instance: async () => null } as unknown as Cloud['databases'],
    migrations: async () => [],
    about: async () => ({ userId: 'us' }) as Awaited<ReturnType<Cloud['about']>>,
  };
  const context: Partial<StepContext> = {
    cloud: cloud as Cloud, // what it does not ask for is not there
    leases: { find: async () => null, list: async () => [], take: async () => undefined, end: async () => undefined },
    job: { id: '7f3a', human: 'alice', line: 'maintenance cmp1' },
    checkpoint: null,
    startedAt: began,
    signal: new AbortController().signal,
    cancelled: () => false,
    now: () => began,
    sleep: async (ms) => void sleeps.add(ms),
    beside: () => [],
    takeLane: async (_, work) => (waits === null ? { did: await work() } : { waits }),
    progress: (note) => said.add(note),
  };
  const outcome = await move({ server: serverId, from: cmp1, how: 'live', block: 'auto' }, context as StepContext); // as above
  return { state: outcome.state, sleeps: [...sleeps], said: [...said] };
}

test('who waits for its turn, or for its server, asks Nova seldom and says what for', async () => {
  const seldom = { state: 'gone', sleeps: [defaultSettings.pollInterval] };
  const turn = await waited(aServer(), 'frozen by bob: incident 12');
  expect(turn).toEqual({ ...seldom, said: ['frozen by bob: incident 12'] });
  const busy = await waited(aServer({ status: 'REBOOT', taskState: 'rebooting' }), null);
  expect(busy).toEqual({ ...seldom, said: ['waits while it is REBOOT (rebooting)'] });
});
