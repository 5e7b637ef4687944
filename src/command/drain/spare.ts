import type { Aggregate, Amounts, Consumers, Room, Service } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import type { Plan } from '../plan.ts';
import { list, size } from '../words.ts';
import { failing, plus } from './packing.ts';
import type { Reckoning } from './reckon.ts';

/** Hosts that stand in for one another: a zone, or an aggregate without one. */
export interface Circle {
  readonly name: string;
  /** Up and enabled, without the one that is drained. */
  readonly hosts: readonly HostName[];
}

/**
 * May one more host of a circle fail, once the drained one is empty? By what each server holds in Placement, one server after
 * the other put where it fits; server groups, traits and other filters of Nova's scheduler are not looked at.
 */
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
  /** Circles of which Placement does not tell every host. */
  readonly unknown: readonly string[];
  readonly state: NonNullable<Plan['spare']>;
}

/** `others` are up and enabled, without the one that is drained. */
export interface Neighbours {
  readonly others: readonly Service[];
  readonly aggregates: readonly Aggregate[];
  readonly rooms: readonly Room[];
}

/** What the drained host's servers come to on the others. */
type Emptied = Pick<Reckoning, 'rooms' | 'homeless'>;

export function sparesOf(service: Service, { others, aggregates, rooms }: Neighbours, emptied: Emptied): Spares {
  const circles = circlesOf(service, others, aggregates);
  const found = circles.map((circle) => ({ circle, spare: spareOf(circle, service, rooms, emptied) }));
  const all = found.flatMap(({ spare }) => spare ?? []);
  const unknown = found.filter(({ spare }) => spare === null).map(({ circle }) => circle.name);
  return {
    all,
    unknown,
    state: all.every(({ holds }) => holds) ? (unknown.length === 0 ? 'holds' : 'unknown') : 'lost',
  };
}

/** Null where Placement did not tell of every host of the circle. */
export function spareOf(
  { name: circle, hosts }: Circle,
  drained: Service,
  rooms: readonly Room[],
  { rooms: after, homeless }: Emptied,
): Spare | null {
  const names = new Set(hosts);
  const among = (all: readonly Room[]) => all.filter(({ host, consumers }) => consumers && names.has(host));
  const own = rooms.find(({ host }) => host === drained.host);
  if (own?.consumers === undefined || among(rooms).length < hosts.length) return null;
  if (hosts.length === 0)
    return { circle, holds: false, breaks: false, words: `${circle}: no other host of it is up and enabled` };
  const lack = homeless.length > 0 ? null : lackOf(among(after));
  if (homeless.length === 0 && lack === null)
    return { circle, holds: true, breaks: false, words: `${circle}: ${mayFail(hosts.length)}` };
  const held = lackOf([...among(rooms), asItStands(own, drained)]) === null;
  if (lack === null)
    return { circle, holds: false, breaks: held, words: `${circle}: no room for ${list(homeless, 3)} even now` };
  return { circle, holds: false, breaks: held, words: `${circle}: if ${lack}${held ? '' : ' (it was so before)'}` };
}

/** A host that is closed already takes nobody whose host fails. */
function asItStands(own: Room, { status }: Service): Room {
  return status === 'enabled' ? own : { ...own, capacity: own.used };
}

function mayFail(others: number): string {
  return others === 1
    ? 'its only other host may fail, for nothing is on it'
    : `one more of its ${others} other hosts may fail`;
}

/** Which host's failure leaves servers without room, in words; null where the others could take any one's load. */
function lackOf(rooms: readonly Room[]): string | null {
  return lackInAll(rooms) ?? lackInPieces(rooms);
}

/** By sums, the quick no: what all the others have free together is less than what the servers of one hold. */
function lackInAll(rooms: readonly Room[]): string | null {
  const names = new Set(rooms.flatMap(({ used }) => Object.keys(used)));
  const free = new Map([...names].map((name) => [name, rooms.reduce((sum, room) => sum + freeOf(room, name), 0)]));
  const lacks = rooms.flatMap((room) =>
    Object.entries(heldOn(room)).map(([name, amount]) => {
      const elsewhere = (free.get(name) ?? 0) - freeOf(room, name);
      return { host: room.host, name, lack: amount - elsewhere };
    }),
  );
  const [worst] = lacks.filter(({ lack }) => lack > 0).toSorted((a, b) => b.lack - a.lack);
  return worst === undefined ? null : `${worst.host} fails, there is no room for ${amountOf(worst.name, worst.lack)}`;
}

/** There is enough free in all, but not where a whole server fits. */
function lackInPieces(rooms: readonly Room[]): string | null {
  const homelessOf = failing(rooms);
  for (const { host, consumers = [] } of rooms) {
    const homeless = homelessOf(host, consumers);
    const [first] = homeless;
    if (first === undefined) continue;
    const number = homeless.reduce((sum, one) => sum + one.number, 0);
    const one = serversOf({ each: first.each, number: 1 });
    return number === 1
      ? `${host} fails, no other host has room for ${one}`
      : `${host} fails, ${number} of its servers find no room, such as ${one}`;
  }
  return null;
}

function heldOn({ consumers = [] }: Room): Amounts {
  return consumers.reduce<Amounts>((sum, { each, number }) => plus(sum, each, number), {});
}

function freeOf({ capacity, used }: Room, name: string): number {
  return Math.max(0, (capacity[name] ?? 0) - (used[name] ?? 0));
}

/** `a server of 4 GB of memory, 2 VCPU`. */
export function serversOf({ each, number }: Consumers): string {
  const parts = Object.entries(each).filter(([, amount]) => amount > 0);
  const sizes = parts.map(([name, amount]) => amountOf(name, amount)).join(', ');
  return `${number === 1 ? 'a server' : `${number} servers`} of ${sizes}`;
}

function amountOf(name: string, amount: number): string {
  if (name === 'MEMORY_MB') return `${size(amount)} of memory`;
  if (name === 'DISK_GB') return `${size(amount * 1024)} of disk`;
  return `${amount} ${name}`;
}
