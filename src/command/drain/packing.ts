import type { Amounts, Consumers, Room } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';

/** What finds no room if all of a host's servers must go to the others at once. */
export type Failing = (host: HostName, consumers: readonly Consumers[]) => Consumers[];

/**
 * The largest goes first, each to the first host that takes it. Whole servers are placed, so free room that is in pieces
 * helps nobody. Zones, groups and traits are not looked at.
 */
export function failing(rooms: readonly Room[]): Failing {
  const largest = largestOf(rooms);
  return (failed, consumers) => {
    const loads = new Map<HostName, Amounts>();
    const shares = consumers.map((one) => ({ ...one, share: shareOf(one.each, largest) }));
    return shares
      .toSorted((a, b) => b.share - a.share)
      .flatMap(({ each, number }) => {
        let left = number;
        for (const { host, capacity, used } of rooms) {
          if (left === 0) break;
          if (host === failed) continue;
          const load = loads.get(host) ?? used;
          const taken = Math.min(left, howMany(each, capacity, load));
          if (taken > 0) loads.set(host, plus(load, each, taken));
          left -= taken;
        }
        return left === 0 ? [] : [{ each, number: left }];
      });
  };
}

/** The rooms once these are on them, each on the one with most free memory: as Nova weighs where nothing else is configured. */
export function spread(
  leaving: readonly Consumers[],
  rooms: readonly Room[],
): { rooms: Room[]; homeless: readonly Consumers[] } {
  const filled = [...rooms];
  const homeless = leaving.flatMap(({ each, number }) => {
    for (let left = number; left > 0; left -= 1) {
      const at = roomiest(each, filled);
      const taker = filled[at];
      if (taker === undefined) return [{ each, number: left }];
      filled[at] = withOne(taker, each);
    }
    return [];
  });
  return { rooms: filled, homeless };
}

/** A host once one more is on it. */
export function withOne(room: Room, each: Amounts): Room {
  const used = plus(room.used, each);
  const { consumers } = room;
  return { ...room, used, ...(consumers !== undefined && { consumers: [...consumers, { each, number: 1 }] }) };
}

export function plus(one: Amounts, other: Amounts, times = 1): Amounts {
  const sum: Record<string, number> = { ...one };
  for (const [name, amount] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + times * amount;
  return sum;
}

/** Where it is in `rooms`, or -1 where none has room for it. */
function roomiest(each: Amounts, rooms: readonly Room[]): number {
  let [best, most] = [-1, Number.NEGATIVE_INFINITY];
  for (const [at, { capacity, used }] of rooms.entries()) {
    const free = (capacity['MEMORY_MB'] ?? 0) - (used['MEMORY_MB'] ?? 0);
    if (free > most && howMany(each, capacity, used) > 0) [best, most] = [at, free];
  }
  return best;
}

function howMany(each: Amounts, capacity: Amounts, used: Amounts): number {
  let most = Number.POSITIVE_INFINITY;
  for (const name in each) {
    const amount = each[name] ?? 0;
    if (amount > 0) most = Math.min(most, Math.floor(((capacity[name] ?? 0) - (used[name] ?? 0)) / amount));
  }
  return Math.max(0, most);
}

function largestOf(rooms: readonly Room[]): Amounts {
  const largest: Record<string, number> = {};
  for (const { capacity } of rooms)
    for (const [name, amount] of Object.entries(capacity)) largest[name] = Math.max(largest[name] ?? 0, amount);
  return largest;
}

/** How much of the largest host it takes, by what it takes most of. */
function shareOf(each: Amounts, largest: Amounts): number {
  let most = 0;
  for (const name in each) most = Math.max(most, (each[name] ?? 0) / (largest[name] || 1));
  return most;
}
