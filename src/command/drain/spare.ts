import type { Aggregate, Amounts, Room, Service } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import type { Plan } from '../plan.ts';
import { list, size } from '../words.ts';
import type { Reckoning } from './reckon.ts';

/** Hosts that stand in for one another: a zone, or an aggregate without one. */
export interface Circle {
  readonly name: string;
  /** Up and enabled, without the one that is drained. */
  readonly hosts: readonly HostName[];
}

/** May one more host of a circle fail, once the drained one is empty? By sums: a necessary condition, not a promise. */
export interface Spare {
  readonly circle: string;
  readonly holds: boolean;
  /** N-1 held before, and no longer does. */
  readonly breaks: boolean;
  readonly words: string;
}

export function circlesOf(
  { host, zone }: Service,
  others: readonly Service[],
  aggregates: readonly Aggregate[],
): Circle[] {
  const zoned: Circle = {
    name: `zone ${zone ?? 'unknown'}`,
    hosts: others.filter((other) => other.zone === zone).map((other) => other.host),
  };
  const mine = aggregates.filter((one) => one.zone === null && one.hosts.includes(host) && one.hosts.length > 1);
  return [
    zoned,
    ...mine.map(({ name, hosts }) => ({
      name: `aggregate ${name}`,
      hosts: others.filter((other) => hosts.includes(other.host)).map((other) => other.host),
    })),
  ];
}

/** Of every circle of a host that Placement told of, and what they come to. */
export interface Spares {
  readonly all: readonly Spare[];
  readonly state: NonNullable<Plan['spare']>;
}

/** `others` are up and enabled, without the one that is drained. */
export interface Neighbours {
  readonly others: readonly Service[];
  readonly aggregates: readonly Aggregate[];
  readonly rooms: readonly Room[];
}

export function sparesOf(
  service: Service,
  { others, aggregates, rooms }: Neighbours,
  reckoning: Pick<Reckoning, 'loads' | 'homeless'>,
): Spares {
  const circles = circlesOf(service, others, aggregates);
  const all = circles.flatMap((circle) => spareOf(circle, service.host, rooms, reckoning) ?? []);
  const known = all.length === circles.length ? 'holds' : 'unknown';
  return { all, state: all.every(({ holds }) => holds) ? known : 'lost' };
}

/** Null where Placement did not tell of every host of the circle. */
export function spareOf(
  circle: Circle,
  drained: HostName,
  rooms: readonly Room[],
  { loads, homeless }: Pick<Reckoning, 'loads' | 'homeless'>,
): Spare | null {
  const known = rooms.filter(({ host }) => circle.hosts.includes(host));
  const own = rooms.find(({ host }) => host === drained);
  if (own === undefined || known.length < circle.hosts.length) return null;
  const where = circle.name;
  if (circle.hosts.length === 0)
    return { circle: where, holds: false, breaks: false, words: `${where}: no other host of it is up and enabled` };
  const after = known.map((room) => ({ ...room, used: loads.get(room.host) ?? room.used }));
  const lack = worst(after);
  const held = worst([...known, own]) === null;
  if (homeless.length > 0)
    return { circle: where, holds: false, breaks: held, words: `${where}: no room for ${list(homeless, 3)} even now` };
  if (lack === null) return { circle: where, holds: true, breaks: false, words: `${where}: ${mayFail(known.length)}` };
  const missing = `${lack.host} fails, there is no room for ${amountOf(lack)}`;
  const before = held ? '' : ' (it was so before)';
  return { circle: where, holds: false, breaks: held, words: `${where}: if ${missing}${before}` };
}

function mayFail(others: number): string {
  return others === 1
    ? 'its only other host may fail, for nothing is on it'
    : `one more of its ${others} other hosts may fail`;
}

interface Lack {
  readonly host: HostName;
  readonly name: string;
  readonly amount: number;
}

/** The host whose failure would leave most without room, or null where the others could take any one's load. */
function worst(rooms: readonly Room[]): Lack | null {
  const names = new Set(rooms.flatMap(({ used }) => Object.keys(used)));
  const free = new Map([...names].map((name) => [name, rooms.reduce((sum, room) => sum + freeOf(room, name), 0)]));
  const lacks = rooms.flatMap((room) =>
    Object.entries(room.used).map(([name, amount]): Lack => {
      const elsewhere = (free.get(name) ?? 0) - freeOf(room, name);
      return { host: room.host, name, amount: amount - elsewhere };
    }),
  );
  return lacks.filter(({ amount }) => amount > 0).toSorted((a, b) => b.amount - a.amount)[0] ?? null;
}

export function freeOf({ capacity, used }: { capacity: Amounts; used: Amounts }, name: string): number {
  return Math.max(0, (capacity[name] ?? 0) - (used[name] ?? 0));
}

function amountOf({ name, amount }: Lack): string {
  if (name === 'MEMORY_MB') return `${size(amount)} of memory`;
  if (name === 'DISK_GB') return `${size(amount * 1024)} of disk`;
  return `${amount} ${name}`;
}
