import { expect, test } from 'vitest';
import type { StepContext, Underway } from '../../src/command/command.ts';
import { lanesSeen, waitsForOthers } from '../../src/command/drain/learn-lanes.ts';
import type { MoveIntent } from '../../src/command/drain/move-intent.ts';
import { stored } from '../../src/command/drain/move-requests.ts';
import type { Migration } from '../../src/openstack/cloud.ts';
import { aMigration, anIntent, cmp1, serverId } from './things.ts';

const now = new Date(100_000);
const input = { server: serverId, from: cmp1, how: 'live', block: 'auto' } as const;

function intent(runs: boolean, most: number | null = null): MoveIntent {
  const lanes = most === null ? null : { host: cmp1, most, at: new Date(1) };
  return anIntent({ runningSince: runs ? now : null, lanes });
}

function other(id: string, of: MoveIntent): Underway {
  return { key: `move:${id}`, checkpoint: stored(of), startedAt: now, asks: false };
}

/** What a look tells beside these, where Nova shows those migrations of the host. */
function learnt(others: readonly Underway[], shown: readonly Migration[], fewer = 0, begins = true) {
  const context: Partial<StepContext> = {
    cloud: { migrations: async () => [...shown] } as unknown as StepContext['cloud'],
    beside: () => others,
    now: () => now,
  };
  const sight = { input, before: intent(false), after: intent(begins), fewer };
  return lanesSeen(sight, context as StepContext); // what it does not ask for is not there
}

const aOf = (server: string, status: string) => aMigration({ server: server as typeof serverId, source: cmp1, status });

test('more run at once than before, if Nova shows them so in one answer', async () => {
  const others = [other('a', intent(true, 2)), other('b', intent(true))];
  const all = [aOf('a', 'running'), aOf('b', 'running'), aOf(serverId, 'preparing'), aOf('another', 'running')];
  expect(await learnt(others, all)).toEqual({ host: cmp1, most: 3, at: now });
  const oneArrived = [aOf('a', 'completed'), ...all.slice(1)];
  expect(await learnt(others, oneArrived)).toBe(null);
  expect(await learnt([other('a', intent(true, 2))], [])).toBe(null);
  expect(await learnt([], [])).toEqual({ host: cmp1, most: 1, at: now });
  expect(await learnt(others, all, 0, false)).toBe(null);
});

test('what waits though fewer run than can says, after a second, that others took places', async () => {
  const others = [other('a', intent(true, 3)), other('b', intent(false, 3))];
  expect(waitsForOthers(cmp1, 'queued', others)).toBe(true);
  expect(waitsForOthers(cmp1, 'accepted', others)).toBe(false);
  expect(waitsForOthers(cmp1, 'queued', [...others, other('c', intent(true)), other('d', intent(true))])).toBe(false);
  expect(await learnt(others, [], 900, false)).toBe(null);
  expect(await learnt(others, [], 1000, false)).toEqual({ host: cmp1, most: 1, at: now });
});
