import { z } from 'zod';
import type { Amounts, Consumers, Hypervisor, NeedsPlace, Room, RoomsKnown } from './cloud.ts';
import { OpenStackError } from './errors.ts';
import { atLeast } from './microversion.ts';
import type { HostName } from './names.ts';
import { listHypervisors } from './nova-hypervisors.ts';
import { Providers, unlessForbidden } from './placement.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

const Inventories = z.object({
  inventories: z.record(
    z.string(),
    z.looseObject({ total: z.number(), reserved: z.number().default(0), allocation_ratio: z.number().default(1) }),
  ),
});
const Allocations = z.object({
  allocations: z.record(z.string(), z.looseObject({ resources: z.record(z.string(), z.number()) })),
});

const atOnce = 8;

interface Wanted extends RoomsKnown {
  readonly hosts: readonly HostName[];
}

/** Two requests a host at most: whoever asks names the hosts that matter. Hosts that Placement does not know are left out. */
export async function roomOf(session: Session, cloud: string, wanted: Wanted): Promise<Room[] | null> {
  if ((await session.find('placement')) === null) return null;
  const { hosts, needsPlace = () => true } = wanted;
  // Before, Placement tells with its candidates only of what was asked for.
  const told = atLeast(await session.speaks('placement', '1.27'), '1.27') ? (wanted.told ?? []) : [];
  const known = new Map(told.map((room) => [room.host, room]));
  const all = await listHypervisors(session, cloud, undefined);
  // A host of Ironic's has a provider for each of its machines, and none of them takes a server that is virtual.
  const hypervisors = all.filter(({ host, type }) => type !== 'ironic' && hosts.includes(host));
  return unlessForbidden(async () => {
    const rooms: Room[] = [];
    for (let from = 0; from < hypervisors.length; from += atOnce) {
      const batch = hypervisors.slice(from, from + atOnce);
      const asking = batch.map((one) =>
        unlessGone(() => roomOn(session, cloud, { hypervisor: one, told: known.get(one.host), needsPlace })),
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
  readonly needsPlace: NeedsPlace;
}

async function roomOn(session: Session, cloud: string, { hypervisor, told, needsPlace }: Asked): Promise<Room[]> {
  const provider = await providerOf(session, cloud, hypervisor);
  if (provider === null) return [];
  const ask = async (what: string) => {
    const path = `/resource_providers/${provider}/${what}`;
    return { body: (await session.ask('placement', { path })).body, request: `GET placement ${path}` };
  };
  const [stock, given] = await Promise.all([told === undefined ? ask('inventories') : null, ask('allocations')]);
  const { allocations } = read(Allocations, given.body, cloud, given.request);
  const held = Object.values(allocations).map(({ resources }) => resources);
  const servers = Object.entries(allocations).filter(([id]) => needsPlace(hypervisor.host, id));
  const consumers = alikeTogether(servers.map(([, { resources }]) => resources));
  if (stock === null) return told === undefined ? [] : [{ ...told, consumers }];
  const { inventories } = read(Inventories, stock.body, cloud, stock.request);
  const capacity: Amounts = Object.fromEntries(
    Object.entries(inventories).map(([name, { total, reserved, allocation_ratio: ratio }]) => [
      name,
      Math.floor((total - reserved) * ratio),
    ]),
  );
  return [{ host: hypervisor.host, capacity, used: sumOf(held), consumers }];
}

/** A host has many servers, and few flavors. */
function alikeTogether(all: readonly Amounts[]): Consumers[] {
  const alike = new Map<string, { each: Amounts; number: number }>();
  for (const each of all) {
    const key = JSON.stringify(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const known = alike.get(key);
    if (known === undefined) alike.set(key, { each, number: 1 });
    else known.number += 1;
  }
  return [...alike.values()];
}

/** What a provider has given away is what its consumers hold. */
function sumOf(held: readonly Amounts[]): Amounts {
  const sum: Record<string, number> = {};
  for (const each of held) for (const [name, amount] of Object.entries(each)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

/** A hypervisor's id is its provider's uuid from 2.53 only; before, its name is the provider's. */
async function providerOf(session: Session, cloud: string, { id, hostname }: Hypervisor): Promise<string | null> {
  if (atLeast(await session.speaks('compute', '2.53'), '2.53')) return id;
  const path = '/resource_providers';
  const { body } = await session.ask('placement', { path, query: { name: hostname } });
  return read(Providers, body, cloud, `GET placement ${path}`).resource_providers[0]?.uuid ?? null;
}
