import { beforeEach, expect, test } from 'vitest';
import type { StepContext } from '../../src/command/command.ts';
import { move } from '../../src/command/drain/move.ts';
import type { MoveInput } from '../../src/command/drain/move-intent.ts';
import type { Outcome } from '../../src/command/outcome.ts';
import type { Cloud, Server } from '../../src/openstack/cloud.ts';
import { defaultSettings } from '../../src/openstack/config.ts';
import { aServer, cmp1, cmp2, quietCloud, serverId } from './things.ts';

const began = new Date('2026-11-29T10:00:00Z');
const input: MoveInput = { server: serverId, from: cmp1, how: 'live', block: 'auto' };
/** What happened, in its order. */
let heard: string[];
let now: Date;
beforeEach(() => {
  heard = [];
  now = began;
});

/** Its server is so at the first looks, and elsewhere then; no lane falls free, and `waits` is what happens meanwhile. */
async function moved(first: readonly Server[], wish: Partial<MoveInput> = {}, waits = () => {}): Promise<Outcome> {
  const looks = [...first];
  const cloud: Partial<Cloud> = {
    ...quietCloud,
    server: async () => {
      heard.push('looks');
      return looks.shift() ?? aServer({ host: cmp2 });
    },
    databases: { instance: async () => null } as unknown as Cloud['databases'],
  };
  const context: Partial<StepContext> = {
    cloud: cloud as Cloud, // what it does not ask for is not there
    leases: { find: async () => null, list: async () => [], take: async () => undefined, end: async () => undefined },
    job: { id: '7f3a', human: 'alice', line: 'maintenance cmp1' },
    checkpoint: null,
    startedAt: began,
    signal: new AbortController().signal,
    cancelled: () => false,
    now: () => now,
    sleep: async (ms) => void heard.push(`rests ${ms}`),
    beside: () => [],
    async takeLane({ goodFor }) {
      heard.push(`waits, good for ${goodFor}`);
      waits();
      return null;
    },
    progress: (note) => void heard.push(note),
  };
  return move({ ...input, ...wish }, context as StepContext); // as above
}

test('who waits for its server asks Nova seldom, and says what for', async () => {
  const busy = aServer({ status: 'REBOOT', taskState: 'rebooting' });
  expect((await moved([busy])).state).toBe('gone');
  const rests = `rests ${defaultSettings.pollInterval}`;
  expect(heard).toEqual(['looks', 'waits while it is REBOOT (rebooting)', rests, 'looks']);
});

test('who waited so long that it must look first does so at once; what a cold move saw is good for no time', async () => {
  expect((await moved([aServer()])).state).toBe('gone');
  expect(heard).toEqual(['looks', 'waits, good for 1000', 'rests 0', 'looks']);
  heard = [];
  expect((await moved([aServer({ status: 'SHUTOFF' })])).state).toBe('gone');
  expect(heard).toEqual(['looks', 'waits, good for 0', 'rests 0', 'looks']);
});

test("its owner's window may close while it waits for its place: then it waits for the next", async () => {
  const outcome = await moved([aServer(), aServer()], { window: '12:00-10:30 UTC' }, () => {
    now = new Date('2026-11-29T10:31:00Z');
  });
  expect(outcome).toMatchObject({ state: 'later' });
  expect(heard).toEqual(['looks', 'waits, good for 1000', 'rests 0']);
});
