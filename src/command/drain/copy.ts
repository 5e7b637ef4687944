import type { Migration } from '../../openstack/cloud.ts';
import { postCopy } from './move-view.ts';

/** How far a copy has come, look after look. */
export interface Copy {
  readonly memory: Passes;
  /** How little was ever left of the disks: they are copied once. */
  readonly disk: number;
  /** Looks since it last came on, and when that was; null until it has. */
  readonly looks: number;
  readonly shrankAt: Date | null;
  /** Since when it stands still, if it does: that last time, or the first look at it. */
  readonly since: Date | null;
}

/** Memory that was written meanwhile is sent again: what is left falls, rises, and falls again. */
interface Passes {
  /** How much the smallest of them began with. */
  readonly smallest: number;
  readonly left: number;
  /** The pass that goes on began with less than all before it. */
  readonly counts: boolean;
}

const none = Number.POSITIVE_INFINITY;
export const unseenCopy: Copy = {
  memory: { smallest: none, left: -1, counts: false },
  disk: none,
  looks: 0,
  shrankAt: null,
  since: null,
};

/** A copy that has not got smaller in so many looks stands still, however often it was looked at. */
const stuckLooks = 30;

export function isStuck({ looks, since }: Copy, now: Date, pollInterval: number): boolean {
  return looks >= stuckLooks && since !== null && now.getTime() - since.getTime() >= stuckLooks * pollInterval;
}

/**
 * A copy comes on while less is left at each look, and each pass begins with less than those before it: that of a guest that
 * writes as fast as it is copied begins with as much each time. Where nothing is told nothing stands still.
 */
export function seeCopy(copy: Copy, migrations: readonly Migration[], now: Date): Copy {
  const running = migrations.find(({ status, memory, disk }) => status === 'running' && (memory ?? disk) !== null);
  // Nothing is sent twice any more: it stands still no more.
  if (running === undefined && migrations.some(({ status }) => status === postCopy)) return { ...copy, looks: 0 };
  if (running === undefined) return unseenCopy;
  const left = running.memory?.remainingBytes || null;
  const disk = running.disk?.remainingBytes || null;
  if (left === null && disk === null) return { ...copy, looks: 0 };
  const memory = left === null ? copy.memory : seePass(copy.memory, left);
  const fell = memory.counts && memory.left !== copy.memory.left;
  const cameOn = fell || (disk !== null && disk < copy.disk);
  return {
    memory,
    disk: Math.min(copy.disk, disk ?? none),
    looks: cameOn ? 0 : copy.looks + 1,
    shrankAt: cameOn ? now : copy.shrankAt,
    since: cameOn ? now : (copy.since ?? now),
  };
}

/** A rise is a new pass. */
function seePass({ smallest, left: before, counts }: Passes, left: number): Passes {
  if (left <= before) return { smallest, left, counts };
  return { smallest: Math.min(smallest, left), left, counts: left < smallest };
}
