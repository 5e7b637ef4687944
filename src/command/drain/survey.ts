import { UserError } from '../../chat/user-error.ts';
import type { CloudReader, Migration, Server, ServerGroup, Service } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { type HostName, ServerId } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import { resolveHost } from '../resolve.ts';
import { deadHost } from './cordon.ts';
import { type HostLease, hostLease } from './host-lease.ts';
import type { ServerFacts, Surroundings } from './judge.ts';
import { serverOrNull } from './look.ts';
import { underway } from './move-view.ts';
import { standing } from './standing.ts';
import { protectionIn } from './stays-put.ts';

/** Everything a drain's plan rests on, read once. */
export interface Survey {
  readonly service: Service;
  readonly lease: HostLease | null;
  readonly facts: readonly ServerFacts[];
  readonly around: Surroundings;
  /** On their way to this host. */
  readonly incoming: readonly { migration: Migration; server: Server | null }[];
  /** Moved away by another hand and not confirmed: their old disks are still here. */
  readonly unconfirmed: readonly { migration: Migration; server: Server | null }[];
}

const atOnce = 8;

/** The host by its exact name, fit to be worked on: a `UserError` says what is in the way. */
export async function findHost(name: string, { cloud, holder }: PlanContext): Promise<Service> {
  await requireAdmin(cloud);
  const service = await resolveHost(cloud, name);
  const held = await holder(`host:${cloud.name}/${service.host}`);
  if (held !== null) throw new UserError(`${service.host} is held by ${held}; wait for it or cancel it`);
  return service;
}

/** Who is not admin sees only a part of a host, and an empty answer would look like an empty host. */
async function requireAdmin(cloud: CloudReader): Promise<void> {
  const { admin, project, user } = await cloud.about();
  if (!admin)
    throw new UserError(`${cloud.name}: ${user} has no admin role, so it would not see every server of a host`);
  if (project === null)
    throw new UserError(`${cloud.name}: the token of ${user} has no project; Nova refuses system-scoped ones`);
}

export async function survey(name: string, block: Surroundings['block'], context: PlanContext): Promise<Survey> {
  const { cloud, leases } = context;
  const service = await findHost(name, context);
  const host = service.host;
  if (service.state === 'down') throw new UserError(deadHost(host));
  const computes = await reachableComputes(cloud);
  const [servers, migrations, groups] = await Promise.all([
    all(cloud.servers({ host })),
    cloud.migrations({ host }),
    cloud.serverGroups(),
  ]);
  const deleted = await all(cloud.servers({ host, softDeleted: true }));
  const here = unique([...servers, ...deleted]);
  const others = computes.filter((one) => one.host !== host && one.status === 'enabled' && one.state === 'up');
  const around = { host, others, block, ...(await groupsOf(here, groups, cloud)) };
  const facts = await inBatches(here, (server) => factsOf(server, context));
  return {
    service,
    lease: hostLease(await leases.find('host', host)),
    facts,
    around,
    incoming: await withServers(
      cloud,
      migrations.filter(({ destination, status }) => destination === host && underway(status)),
      here,
    ),
    unconfirmed: await withServers(
      cloud,
      migrations.filter(({ source, status }) => source === host && status === 'finished'),
      here,
    ),
  };
}

async function reachableComputes(cloud: CloudReader): Promise<Service[]> {
  const services = await cloud.services({});
  const lost = services.filter(({ status }) => status === 'unknown').map(({ host }) => host);
  if (lost.length > 0)
    throw new UserError(
      `${cloud.name}: a cell does not answer (${lost.slice(0, 5).join(', ')}); a drain would not see every server`,
    );
  return services.filter(({ binary }) => binary === 'nova-compute');
}

async function factsOf(server: Server, { cloud, leases, holder }: PlanContext): Promise<ServerFacts> {
  const movable = ['live', 'cold', 'wait', 'ask'].includes(standing(server).verdict);
  const [protection, pinnedZone, candidates, held] = await Promise.all([
    protectionIn(server.id, { cloud, leases }),
    movable ? zoneOf(server, cloud) : null,
    movable ? cloud.candidates(server) : [],
    holder(`server:${cloud.name}/${server.id}`),
  ]);
  return { server, protection, pinnedZone, candidates, holder: held };
}

/** Nova tells from 2.96; before, only its own record of the request knows. */
async function zoneOf(server: Server, cloud: CloudReader): Promise<string | null | undefined> {
  if (server.pinnedZone !== undefined) return server.pinnedZone;
  try {
    return await cloud.databases.requestedZone(server.id);
  } catch (error) {
    if (error instanceof UserError || error instanceof OpenStackError) return undefined;
    throw error;
  }
}

/** Only groups with a member here, and where the other members are: the rules need no more. */
async function groupsOf(
  here: readonly Server[],
  all: readonly ServerGroup[],
  cloud: CloudReader,
): Promise<Pick<Surroundings, 'groups' | 'memberHosts'>> {
  const hosts = new Map<string, HostName | null>(here.map(({ id, host }) => [id, host]));
  const groups = all.filter(({ members }) => members.some((member) => hosts.has(member)));
  const elsewhere = [...new Set(groups.flatMap(({ members }) => members))].filter((member) => !hosts.has(member));
  const ids = elsewhere.flatMap((member) => ServerId.safeParse(member).data ?? []);
  const found = await inBatches(ids, (id) => serverOrNull(cloud, id));
  const memberHosts = new Map([
    ...hosts,
    ...found.flatMap((server): [string, HostName | null][] => (server === null ? [] : [[server.id, server.host]])),
  ]);
  return { groups, memberHosts };
}

async function withServers(cloud: CloudReader, migrations: readonly Migration[], here: readonly Server[]) {
  const others = migrations.filter(({ server }) => !here.some(({ id }) => id === server));
  return inBatches(others, async (migration) => ({ migration, server: await serverOrNull(cloud, migration.server) }));
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export function unique(servers: readonly Server[]): Server[] {
  return [...new Map(servers.map((server) => [server.id, server])).values()];
}

async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce) {
    results.push(...(await Promise.all(items.slice(from, from + atOnce).map(work))));
  }
  return results;
}
