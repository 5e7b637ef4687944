import type { Amounts, Room, ServerGroup } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import type { ServerFacts, Surroundings } from './judge.ts';
import { withOne } from './packing.ts';

/** Where everything that is to move would fit, reckoned one after the other. Nova's scheduler decides; this forewarns. */
export interface Reckoning {
  /** What there is to say about a server's destinations, by its id. */
  readonly notes: ReadonlyMap<string, string>;
  /** What each host would have given away afterwards, and to whom. */
  readonly rooms: readonly Room[];
  /** Servers for which nothing would be left. */
  readonly homeless: readonly string[];
}

/** `movable` in the order they will move. A host that `rooms` does not have is taken to have enough. */
export function reckon(movable: readonly ServerFacts[], rooms: readonly Room[], around: Surroundings): Reckoning {
  const after = new Map(rooms.map((room) => [room.host, room]));
  const where = new Map(around.memberHosts);
  const notes = new Map<string, string>();
  const homeless: string[] = [];
  for (const facts of movable) {
    const { server, candidates, needs } = facts;
    if (candidates === null || needs === null) continue;
    const allowed = candidates.filter((host) => mayTake(host, facts, around, where));
    const fitting = allowed.filter((host) => fits(needs, after.get(host)));
    const [to] = fitting.toSorted((a, b) => free(after.get(b)) - free(after.get(a)));
    notes.set(server.id, noteOf(fitting.length, allowed.length));
    if (to === undefined) {
      homeless.push(server.name);
      continue;
    }
    const room = after.get(to);
    if (room !== undefined) after.set(to, withOne(room, needs));
    where.set(server.id, to);
  }
  return { notes, rooms: [...after.values()], homeless };
}

function noteOf(fitting: number, allowed: number): string {
  if (fitting > 0) return `fits on ${fitting === 1 ? '1 host' : `${fitting} hosts`}`;
  return allowed === 0
    ? 'no host is left to it once those before it have moved: zone and group rules'
    : 'no room is left for it once those before it have moved';
}

function mayTake(
  host: HostName,
  { server, pinnedZone }: ServerFacts,
  { others, groups }: Surroundings,
  where: ReadonlyMap<string, HostName | null>,
): boolean {
  const service = others.find((other) => other.host === host);
  if (service === undefined) return false;
  if (pinnedZone && service.zone !== pinnedZone) return false;
  const group = groups.find(({ members }) => members.includes(server.id));
  return group === undefined || groupAllows(group, server.id, host, where);
}

function groupAllows(
  { policy, members, perHost }: ServerGroup,
  id: string,
  host: HostName,
  where: ReadonlyMap<string, HostName | null>,
): boolean {
  const fellows = members.filter((member) => member !== id).map((member) => where.get(member) ?? null);
  if (policy === 'anti-affinity') return fellows.filter((fellow) => fellow === host).length < perHost;
  if (policy === 'affinity') return fellows.every((fellow) => fellow === null || fellow === host);
  return true;
}

function fits(needs: Amounts, room: Room | undefined): boolean {
  if (room === undefined) return true;
  const { capacity, used } = room;
  return Object.entries(needs).every(([name, amount]) => (used[name] ?? 0) + amount <= (capacity[name] ?? 0));
}

/** As Nova weighs hosts where nothing else is configured: by free memory. */
function free(room: Room | undefined): number {
  return room === undefined ? 0 : (room.capacity['MEMORY_MB'] ?? 0) - (room.used['MEMORY_MB'] ?? 0);
}
