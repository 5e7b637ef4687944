import { z } from 'zod';
import type { Amounts, Candidates, Hypervisor, Room, Server } from './cloud.ts';
import { OpenStackError } from './errors.ts';
import { atLeast } from './microversion.ts';
import type { HostName } from './names.ts';
import { listHypervisors } from './nova-hypervisors.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

export const Providers = z.object({
  resource_providers: z.array(z.looseObject({ uuid: z.string(), name: z.string(), generation: z.number().optional() })),
});
const Allocations = z.object({ allocations: z.record(z.string(), z.unknown()) });
const CandidatesWire = z.object({
  allocation_requests: z.array(z.looseObject({ allocations: z.record(z.string(), z.unknown()) })),
  provider_summaries: z.record(
    z.string(),
    z.looseObject({
      root_provider_uuid: z.string().optional(),
      resources: z.record(z.string(), z.object({ capacity: z.number(), used: z.number() })).default({}),
    }),
  ),
});
type Summaries = z.output<typeof CandidatesWire>['provider_summaries'];

/** Consumers that hold something of this host's root providers; null where Placement cannot be asked. */
export async function allocationsOf(session: Session, cloud: string, host: HostName): Promise<string[] | null> {
  if ((await session.find('placement')) === null) return null;
  const hypervisors = await listHypervisors(session, cloud, host);
  // Its provider has the name of its hypervisor: where Nova does not tell that, nobody can be asked.
  if (hypervisors.length === 0) return null;
  return unlessForbidden(async () => {
    const lists = await Promise.all(hypervisors.map(({ hostname }) => consumersOf(session, cloud, hostname)));
    return [...new Set(lists.flat())];
  });
}

/**
 * Hosts that could take this server by its flavor, now: disabled hosts and its own are none. Zones, groups and other
 * filters of Nova's scheduler are not Placement's business: a candidate may still be refused.
 */
export async function candidatesFor(session: Session, cloud: string, server: Server): Promise<Candidates | null> {
  const wanted = needsOf(server);
  if (wanted === null || (await session.find('placement')) === null) return null;
  const version = await session.speaks('placement', '1.29');
  if (!atLeast(version, '1.10')) return null;
  return unlessForbidden(async () => {
    const query = {
      resources: Object.entries(wanted)
        .map(([name, amount]) => `${name}:${amount}`)
        .join(','),
      required: requiredTraits(server, atLeast(version, '1.22')),
      limit: atLeast(version, '1.16') ? 1000 : undefined,
    };
    const { body } = await session.ask('placement', { path: '/allocation_candidates', query, version });
    const { allocation_requests: requests, provider_summaries: summaries } = read(
      CandidatesWire,
      body,
      cloud,
      'GET placement /allocation_candidates',
    );
    const providers = requests.flatMap(({ allocations }) => Object.keys(allocations));
    const roots = new Set(providers.map((uuid) => summaries[uuid]?.root_provider_uuid ?? uuid));
    const hypervisors = await listHypervisors(session, cloud, undefined);
    const rootOf = await rootsAmong(session, cloud, roots);
    const rooms = hypervisors.flatMap((hypervisor): Room[] => {
      const root = rootOf(hypervisor);
      return root === null || hypervisor.host === server.host ? [] : [roomIn(summaries, root, hypervisor.host)];
    });
    return { needs: wanted, hosts: [...new Set(rooms.map(({ host }) => host))].sort(), rooms };
  });
}

/** The whole tree of providers of a host: what it has and has given away, by resource class. */
function roomIn(summaries: Summaries, root: string, host: HostName): Room {
  const capacity: Record<string, number> = {};
  const used: Record<string, number> = {};
  for (const [uuid, { root_provider_uuid: of, resources }] of Object.entries(summaries)) {
    if ((of ?? uuid) !== root) continue;
    for (const [name, figures] of Object.entries(resources)) {
      capacity[name] = (capacity[name] ?? 0) + figures.capacity;
      used[name] = (used[name] ?? 0) + figures.used;
    }
  }
  return { host, capacity, used };
}

/** A hypervisor's id is its provider's uuid from 2.53 only; before, the two have nothing but their name in common. */
async function rootsAmong(
  session: Session,
  cloud: string,
  roots: ReadonlySet<string>,
): Promise<(hypervisor: Hypervisor) => string | null> {
  if (atLeast(await session.speaks('compute', '2.53'), '2.53')) return ({ id }) => (roots.has(id) ? id : null);
  const path = '/resource_providers';
  const { body } = await session.ask('placement', { path });
  const providers = read(Providers, body, cloud, `GET placement ${path}`).resource_providers;
  const byName = new Map(providers.filter(({ uuid }) => roots.has(uuid)).map(({ name, uuid }) => [name, uuid]));
  return ({ hostname }) => byName.get(hostname) ?? null;
}

async function consumersOf(session: Session, cloud: string, hostname: string): Promise<string[]> {
  const { body } = await session.ask('placement', {
    path: '/resource_providers',
    query: { name: hostname },
    version: await session.speaks('placement', '1.0'),
  });
  const [provider] = read(Providers, body, cloud, 'GET placement /resource_providers').resource_providers;
  if (!provider) return [];
  const path = `/resource_providers/${provider.uuid}/allocations`;
  const answer = await session.ask('placement', { path });
  return Object.keys(read(Allocations, answer.body, cloud, `GET placement ${path}`).allocations);
}

/** Null where this cloud does not tell what the server needs (its flavor was deleted before flavors were told with servers, 2.47). */
function needsOf({ flavor, bootsFromVolume }: Server): Amounts | null {
  const { vcpus, ramMb, diskGb, extraSpecs } = flavor;
  if (vcpus === null || ramMb === null || diskGb === null) return null;
  const pinned = pinnedOf(extraSpecs, vcpus);
  const amounts = new Map<string, number>([
    ['PCPU', pinned],
    ['VCPU', vcpus - pinned],
    ['MEMORY_MB', ramMb],
    ['DISK_GB', bootsFromVolume ? 0 : diskGb],
  ]);
  for (const [key, value] of Object.entries(extraSpecs)) {
    const name = /^resources:([A-Z0-9_]+)$/.exec(key)?.[1];
    if (name !== undefined && Number.isInteger(Number(value))) amounts.set(name, Number(value));
  }
  return Object.fromEntries([...amounts].filter(([, amount]) => amount > 0));
}

/** How many of its CPUs are dedicated: `mixed` names them, `0-1,4`, or after `^` those that are not. */
function pinnedOf(extraSpecs: Server['flavor']['extraSpecs'], vcpus: number): number {
  if (extraSpecs['hw:cpu_policy'] === 'dedicated') return vcpus;
  if (extraSpecs['hw:cpu_policy'] !== 'mixed') return 0;
  const mask = extraSpecs['hw:cpu_dedicated_mask'] ?? '';
  const named = mask
    .replace('^', '')
    .split(',')
    .map((range) => /^(\d+)(?:-(\d+))?$/.exec(range.trim()))
    .reduce((sum, found) => sum + (found === null ? 0 : Number(found[2] ?? found[1]) - Number(found[1]) + 1), 0);
  return Math.min(vcpus, mask.startsWith('^') ? vcpus - named : named);
}

/** Forbidding a trait needs 1.22; a disabled host carries COMPUTE_STATUS_DISABLED. */
function requiredTraits({ flavor }: Server, canForbid: boolean): string | undefined {
  const traits = Object.entries(flavor.extraSpecs).flatMap(([key, value]) => {
    const name = /^trait:([A-Z0-9_]+)$/.exec(key)?.[1];
    if (name === undefined) return [];
    return value === 'required' ? [name] : value === 'forbidden' && canForbid ? [`!${name}`] : [];
  });
  const all = canForbid ? [...traits, '!COMPUTE_STATUS_DISABLED'] : traits;
  return all.length > 0 ? all.join(',') : undefined;
}

export async function unlessForbidden<T>(asking: () => Promise<T>): Promise<T | null> {
  try {
    return await asking();
  } catch (error) {
    if (error instanceof OpenStackError && (error.problem === 'forbidden' || error.problem === 'unsupported'))
      return null;
    throw error;
  }
}
