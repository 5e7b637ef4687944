import { z } from 'zod';
import type { Amounts, Hypervisor, Room } from './cloud.ts';
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
const Usages = z.object({ usages: z.record(z.string(), z.number()) });

const atOnce = 8;

/** Two requests a host: whoever asks names the hosts that matter. Hosts that Placement does not know are left out. */
export async function roomOf(session: Session, cloud: string, hosts: readonly HostName[]): Promise<Room[] | null> {
  if ((await session.find('placement')) === null) return null;
  const hypervisors = (await listHypervisors(session, cloud, undefined)).filter(({ host }) => hosts.includes(host));
  return unlessForbidden(async () => {
    const rooms: Room[] = [];
    for (let from = 0; from < hypervisors.length; from += atOnce) {
      const batch = hypervisors.slice(from, from + atOnce);
      rooms.push(...(await Promise.all(batch.map((one) => unlessGone(() => roomOn(session, cloud, one))))).flat());
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

async function roomOn(session: Session, cloud: string, hypervisor: Hypervisor): Promise<Room[]> {
  const provider = await providerOf(session, cloud, hypervisor);
  if (provider === null) return [];
  const ask = async (what: string) => {
    const path = `/resource_providers/${provider}/${what}`;
    return { body: (await session.ask('placement', { path })).body, request: `GET placement ${path}` };
  };
  const [stock, given] = await Promise.all([ask('inventories'), ask('usages')]);
  const { inventories } = read(Inventories, stock.body, cloud, stock.request);
  const { usages: used } = read(Usages, given.body, cloud, given.request);
  const capacity: Amounts = Object.fromEntries(
    Object.entries(inventories).map(([name, { total, reserved, allocation_ratio: ratio }]) => [
      name,
      Math.floor((total - reserved) * ratio),
    ]),
  );
  return [{ host: hypervisor.host, capacity, used }];
}

/** A hypervisor's id is its provider's uuid from 2.53 only; before, its name is the provider's. */
async function providerOf(session: Session, cloud: string, { id, hostname }: Hypervisor): Promise<string | null> {
  if (atLeast(await session.speaks('compute', '2.53'), '2.53')) return id;
  const path = '/resource_providers';
  const { body } = await session.ask('placement', { path, query: { name: hostname } });
  return read(Providers, body, cloud, `GET placement ${path}`).resource_providers[0]?.uuid ?? null;
}
