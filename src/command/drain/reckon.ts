import type { Amounts, Room, ServerGroup } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import type { ServerFacts, Surroundings } from './judge.ts';

/** Where everything that is to move would fit, reckoned one after the other. Nova's scheduler decides; this forewarns. */
export interface Reckoning {
  /** What there is to say about a server's destinations, by its id. */
  readonly notes: ReadonlyMap<string, string>;
  /** What each host would have given away afterwards. */
  readonly loads: ReadonlyMap<HostName, Amounts>;
  /** Servers for which nothing would be left. */
  readonly homeless: readonly string[];
}

/** `movable` in the order they will move. A host that `rooms` does not have is taken to have enough. */
export function reckon(movable: readonly ServerFacts[], rooms: readonly Room[], around: Surroundings): Reckoning {
  const loads = new Map(rooms.map(({ host, used }) => [host, used]));
  const capacity = new Map(rooms.map((room) => [room.host, room.capacity]));
  const where = new Map(around.memberHosts);
  const notes = new Map<string, string>();
  const homeless: string[] = [];
  for (const facts of movable) {
    const { server, candidates, needs } = facts;
    if (candidates === null || needs === null) continue;
    const allowed = candidates.filter((host) => mayTake(host, facts, around, where));
    const fitting = allowed.filter((host) => fits(needs, loads.get(host) ?? {}, capacity.get(host)));
    const [to] = fitting.toSorted((a, b) => free(b, loads, capacity) - free(a, loads, capacity));
    notes.set(server.id, noteOf(fitting.length, allowed.length));
    if (to === undefined) {
      homeless.push(server.name);
      continue;
    }
    loads.set(to, plus(loads.get(to) ?? {}, needs));
    where.set(server.id, to);
  }
  return { notes, loads, homeless };
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

export function fits(needs: Amounts, load: Amounts, capacity: Amounts | undefined): boolean {
  if (capacity === undefined) return true;
  return Object.entries(needs).every(([name, amount]) => (load[name] ?? 0) + amount <= (capacity[name] ?? 0));
}

/** As Nova weighs hosts where nothing else is configured: by free memory. */
function free(host: HostName, loads: ReadonlyMap<HostName, Amounts>, capacity: ReadonlyMap<HostName, Amounts>): number {
  return (capacity.get(host)?.['MEMORY_MB'] ?? 0) - (loads.get(host)?.['MEMORY_MB'] ?? 0);
}

export function plus(one: Amounts, other: Amounts): Amounts {
  const sum: Record<string, number> = { ...one };
  for (const [name, amount] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}
