import { UserError } from '../../chat/user-error.ts';
import type { Aggregate, CloudReader, Migration, Room, Server, Service } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import { resolveHost } from '../resolve.ts';
import { type Beside, besideOf } from './beside.ts';
import { deadHost } from './cordon.ts';
import { type HostLease, hostLease } from './host-lease.ts';
import type { ServerFacts, Surroundings } from './judge.ts';
import { serverOrNull } from './look.ts';
import { underway } from './move-view.ts';
import { groupsOf, inBatches, readFacts } from './server-facts.ts';
import { circlesOf } from './spare.ts';

/** Everything a drain's plan rests on, read once. */
export interface Survey {
  readonly service: Service;
  readonly lease: HostLease | null;
  readonly facts: readonly ServerFacts[];
  readonly around: Surroundings;
  /** On their way to this host. */
  readonly incoming: readonly { migration: Migration; server: Server | null }[];
  /** Other hosts of its zone that are in maintenance. */
  readonly closed: readonly HostName[];
  /** What else runs on the host. */
  readonly beside: Beside;
  /** As far as Placement told; empty where it could not be asked. */
  readonly rooms: readonly Room[];
  readonly aggregates: readonly Aggregate[];
  /** Names of the owners' projects, by id. */
  readonly projects: ReadonlyMap<string, string>;
  /** Moved away by another hand and not confirmed: their old disks are still here. */
  readonly unconfirmed: readonly { migration: Migration; server: Server | null }[];
}

/** The host by its exact name, fit to be worked on: a `UserError` says what is in the way. */
export async function findHost(name: string, { cloud, holder }: PlanContext): Promise<Service> {
  await requireAdmin(cloud);
  const service = await resolveHost(cloud, name);
  const held = await holder(`host:${cloud.name}/${service.host}`);
  if (held !== null) throw new UserError(`${service.host} is held by ${held}; wait for it or cancel it`);
  return service;
}

/** Who is not admin sees only a part of a host, and an empty answer would look like an empty host. */
export async function requireAdmin(cloud: CloudReader): Promise<void> {
  const { admin, project, user } = await cloud.about();
  if (!admin)
    throw new UserError(`${cloud.name}: ${user} has no admin role, so it would not see every server of a host`);
  if (project === null)
    throw new UserError(`${cloud.name}: the token of ${user} has no project; Nova refuses system-scoped ones`);
}

export interface SurveyWish {
  readonly block: Surroundings['block'];
  /** Guests' own wishes bind where the policy lists their project. */
  readonly heed: boolean;
}

export async function survey(name: string, { block, heed }: SurveyWish, context: PlanContext): Promise<Survey> {
  const { cloud, leases } = context;
  const service = await findHost(name, context);
  const host = service.host;
  if (service.state === 'down') throw new UserError(deadHost(host));
  const services = await reachableServices(cloud);
  const [servers, migrations, groups] = await Promise.all([
    all(cloud.servers({ host })),
    cloud.migrations({ host }),
    cloud.serverGroups(),
  ]);
  const deleted = await all(cloud.servers({ host, softDeleted: true }));
  const here = unique([...servers, ...deleted]);
  const others = services.filter((one) => one.host !== host && isTaking(one));
  const around = { host, others, block, ...(await groupsOf(here, groups, cloud)) };
  const { facts, asking, projects } = await readFacts(here, heed, context);
  const aggregates = await cloud.aggregates();
  const peers = new Set([host, ...circlesOf(service, others, aggregates).flatMap(({ hosts }) => hosts)]);
  return {
    service,
    lease: hostLease(await leases.find('host', host)),
    facts,
    around,
    closed: await closedBeside(service, services, context),
    beside: await besideOf(host, services, cloud),
    rooms: await asking.rooms([...peers]),
    aggregates,
    projects,
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

async function closedBeside(
  { host, zone }: Service,
  services: readonly Service[],
  { leases }: PlanContext,
): Promise<HostName[]> {
  const drained = (await leases.list('host')).filter((lease) => hostLease(lease)?.detail.kind === 'drain');
  const subjects = new Set(drained.map(({ subject }) => subject));
  const computes = services.filter((one) => one.binary === 'nova-compute' && one.zone === zone && one.host !== host);
  return computes.filter((one) => subjects.has(one.host)).map((one) => one.host);
}

export function isTaking({ binary, status, state }: Service): boolean {
  return binary === 'nova-compute' && status === 'enabled' && state === 'up';
}

export async function reachableServices(cloud: CloudReader): Promise<Service[]> {
  const services = await cloud.services({});
  const lost = services.filter(({ status }) => status === 'unknown').map(({ host }) => host);
  if (lost.length > 0)
    throw new UserError(
      `${cloud.name}: a cell does not answer (${lost.slice(0, 5).join(', ')}); a drain would not see every server`,
    );
  return services;
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
