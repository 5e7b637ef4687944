import { z } from 'zod';
import type { Amounts, Consumers, Hypervisor, NeedsPlace, Room, RoomsKnown } from './cloud.ts';
import { OpenStackError } from './errors.ts';
import { atLeast } from './microversion.ts';
import type { HostName } from './names.ts';
import { listHypervisors } from './nova-hypervisors.ts';
import { Providers, unlessForbidden } from './placement.ts';
import type { Holdings } from './placement-held.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

const Inventories = z.object({
  inventories: z.record(
    z.string(),
    z.looseObject({ total: z.number(), reserved: z.number().default(0), allocation_ratio: z.number().default(1) }),
  ),
});

const atOnce = 8;

interface Wanted extends RoomsKnown {
  readonly hosts: readonly HostName[];
}

interface Source {
  readonly session: Session;
  readonly cloud: string;
  readonly holdings: Holdings;
}

/** Two requests a host at most: whoever asks names the hosts that matter. Hosts that Placement does not know are left out. */
export async function roomOf(source: Source, wanted: Wanted): Promise<Room[] | null> {
  const { session, cloud, holdings } = source;
  if ((await session.find('placement')) === null) return null;
  const { hosts, needsPlace = () => true } = wanted;
  // Before, Placement tells with its candidates only of what was asked for.
  const told = atLeast(await session.speaks('placement', '1.27'), '1.27') ? (wanted.told ?? []) : [];
  const known = new Map(told.map((room) => [room.host, room]));
  const all = await listHypervisors(session, cloud, undefined);
  // A host of Ironic's has a provider for each of its machines, and none of them takes a server that is virtual.
  const hypervisors = all.filter(({ host, type }) => type !== 'ironic' && hosts.includes(host));
  return unlessForbidden(async () => {
    const many = hypervisors.length > atOnce && told.length > 0;
    const generations = many ? await holdings.generations() : new Map<string, number>();
    const rooms: Room[] = [];
    for (let from = 0; from < hypervisors.length; from += atOnce) {
      const batch = hypervisors.slice(from, from + atOnce);
      const asking = batch.map((one) =>
        unlessGone(() => roomOn(source, { hypervisor: one, told: known.get(one.host), generations, needsPlace })),
      );
      rooms.push(...(await Promise.all(asking)).flat());
    }
    return rooms;
  });
}

/** A host may be taken out of the cloud between two requests. */
async function unlessGone(asking: () => Promise<Room[]>): Promise<Room[]> {
  try {
    return await asking();
  } catch (error) {
    if (error instanceof OpenStackError && error.problem === 'not-found') return [];
    throw error;
  }
}

interface Asked {
  readonly hypervisor: Hypervisor;
  readonly told: Room | undefined;
  /** By provider; of some hosts nobody asked. */
  readonly generations: ReadonlyMap<string, number>;
  readonly needsPlace: NeedsPlace;
}

async function roomOn(
  { session, cloud, holdings }: Source,
  { hypervisor, told, generations, needsPlace }: Asked,
): Promise<Room[]> {
  const provider = await providerOf(session, cloud, hypervisor);
  if (provider === null) return [];
  const [capacity, { consumers: all, used }] = await Promise.all([
    told?.capacity ?? capacityOf(session, cloud, provider),
    holdings.of(provider, { generation: generations.get(provider), used: told?.used }),
  ]);
  const servers = all.filter(([id]) => needsPlace(hypervisor.host, id));
  const consumers = alikeTogether(servers.map(([, each]) => each));
  return [told === undefined ? { host: hypervisor.host, capacity, used, consumers } : { ...told, consumers }];
}

async function capacityOf(session: Session, cloud: string, provider: string): Promise<Amounts> {
  const path = `/resource_providers/${provider}/inventories`;
  const { body } = await session.ask('placement', { path });
  const { inventories } = read(Inventories, body, cloud, `GET placement ${path}`);
  return Object.fromEntries(
    Object.entries(inventories).map(([name, { total, reserved, allocation_ratio: ratio }]) => [
      name,
      Math.floor((total - reserved) * ratio),
    ]),
  );
}

/** A host has many servers, and few flavors. */
function alikeTogether(all: readonly Amounts[]): Consumers[] {
  const numbers = new Map<Amounts, number>();
  for (const each of all) numbers.set(each, (numbers.get(each) ?? 0) + 1);
  return [...numbers].map(([each, number]) => ({ each, number }));
}

/** A hypervisor's id is its provider's uuid from 2.53 only; before, its name is the provider's. */
async function providerOf(session: Session, cloud: string, { id, hostname }: Hypervisor): Promise<string | null> {
  if (atLeast(await session.speaks('compute', '2.53'), '2.53')) return id;
  const path = '/resource_providers';
  const { body } = await session.ask('placement', { path, query: { name: hostname } });
  return read(Providers, body, cloud, `GET placement ${path}`).resource_providers[0]?.uuid ?? null;
}
