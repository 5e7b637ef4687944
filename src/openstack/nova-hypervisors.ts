import { z } from 'zod';
import type { Hypervisor, Version } from './cloud.ts';
import { atLeast } from './microversion.ts';
import { HostName, ServerId } from './names.ts';
import { nextMarker } from './pages.ts';
import type { Session } from './session.ts';
import { Links, read } from './wire.ts';

/** 2.88 took the usage figures away. */
const known = '2.87';

const Servers = z.array(z.looseObject({ uuid: ServerId }));
const Wire = z.looseObject({
  id: z.union([z.string(), z.number()]).transform(String),
  hypervisor_hostname: z.string(),
  state: z.string().default('unknown'),
  status: z.string().default('unknown'),
  hypervisor_type: z.string().nullish(),
  service: z.looseObject({ host: HostName }),
  vcpus: z.number().nullish(),
  vcpus_used: z.number().nullish(),
  memory_mb: z.number().nullish(),
  memory_mb_used: z.number().nullish(),
  running_vms: z.number().nullish(),
  servers: Servers.optional(),
});
type Wire = z.output<typeof Wire>;
const List = z.object({ hypervisors: z.array(Wire), hypervisors_links: Links });
const One = z.object({ hypervisor: Wire });
const WithServers = z.object({
  hypervisors: z.array(z.looseObject({ id: Wire.shape.id, servers: Servers.optional() })),
});

/**
 * Servers are listed for the hypervisors of one host only: for all of them Nova would ask its database once per
 * hypervisor. A hypervisor's hostname may differ from its service's host, so the host is matched on the service.
 */
export async function listHypervisors(
  session: Session,
  cloud: string,
  host: HostName | undefined,
): Promise<Hypervisor[]> {
  const version = await session.speaks('compute', known);
  const all = await listAll(session, cloud, version);
  if (host === undefined) return all.map((wire) => toHypervisor(wire, null));
  const here = all.filter((wire) => wire.service.host === host);
  return Promise.all(here.map(async (wire) => toHypervisor(wire, await serversOn(session, cloud, version, wire))));
}

async function listAll(session: Session, cloud: string, version: Version): Promise<Wire[]> {
  const paged = atLeast(version, '2.33');
  const all: Wire[] = [];
  let marker: string | undefined;
  do {
    const query = paged ? { limit: 1000, marker } : {};
    const { body } = await session.ask('compute', { path: '/os-hypervisors/detail', query, version });
    const page = read(List, body, cloud, 'GET compute /os-hypervisors/detail');
    all.push(...page.hypervisors);
    marker = paged ? nextMarker(page.hypervisors_links) : undefined;
  } while (marker !== undefined);
  return all;
}

async function serversOn(
  session: Session,
  cloud: string,
  version: Version,
  { id, hypervisor_hostname: hostname }: Wire,
): Promise<ServerId[]> {
  if (atLeast(version, '2.53')) {
    const path = `/os-hypervisors/${id}`;
    const { body } = await session.ask('compute', { path, query: { with_servers: 'true' }, version });
    return (read(One, body, cloud, `GET compute ${path}`).hypervisor.servers ?? []).map(({ uuid }) => uuid);
  }
  // The old sub-path takes a part of a hostname and lists every hypervisor it fits: only this one counts.
  const path = `/os-hypervisors/${encodeURIComponent(hostname)}/servers`;
  const { body } = await session.ask('compute', { path, version });
  const { hypervisors } = read(WithServers, body, cloud, `GET compute ${path}`);
  return hypervisors.filter((one) => one.id === id).flatMap(({ servers }) => (servers ?? []).map(({ uuid }) => uuid));
}

function toHypervisor(wire: Wire, servers: ServerId[] | null): Hypervisor {
  return {
    id: wire.id,
    hostname: wire.hypervisor_hostname,
    host: wire.service.host,
    state: wire.state,
    status: wire.status,
    type: wire.hypervisor_type ?? null,
    servers,
    usage: usageOf(wire),
  };
}

function usageOf({ vcpus, vcpus_used, memory_mb, memory_mb_used, running_vms }: Wire): Hypervisor['usage'] {
  if (vcpus == null || memory_mb == null) return null;
  return {
    vcpus,
    vcpusUsed: vcpus_used ?? 0,
    memoryMb: memory_mb,
    memoryMbUsed: memory_mb_used ?? 0,
    running: running_vms ?? 0,
  };
}
