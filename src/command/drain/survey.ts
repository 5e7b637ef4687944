import { UserError } from '../../chat/user-error.ts';
import type { Aggregate, CloudReader, Migration, NeedsPlace, Room, Server, Service } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import { resolveHost } from '../resolve.ts';
import { count } from '../words.ts';
import type { Asker } from './asker.ts';
import { type Beside, besideOf } from './beside.ts';
import { deadHost } from './cordon.ts';
import { without } from './emptied.ts';
import { type HostLease, hostLease } from './host-lease.ts';
import type { Ours, ServerFacts, Surroundings } from './judge.ts';
import { serverOrNull } from './look.ts';
import { underway } from './move-view.ts';
import { groupsOf, inBatches, readFacts, sized } from './server-facts.ts';
import { circlesOf } from './spare.ts';

/** Everything a drain's plan rests on, read once. */
export interface Survey {
  readonly service: Service;
  readonly lease: HostLease | null;
  readonly facts: readonly ServerFacts[];
  readonly around: Surroundings;
  /** On their way to this host, and what is known of those servers. */
  readonly incoming: readonly { migration: Migration; server: Server | null }[];
  readonly arriving: readonly ServerFacts[];
  /** Other hosts of its zone, open or not. */
  readonly fellows: readonly HostName[];
  /** Those of them that are in maintenance. */
  readonly closed: readonly HostName[];
  /** Other hosts of its zone that are being emptied just now, and what of them finds no room and stays there. */
  readonly beingEmptied: { readonly hosts: readonly HostName[]; readonly homeless: readonly string[] };
  /** What else runs on the host. */
  readonly beside: Beside;
  /** As far as Placement told, once those others are empty; empty where it could not be asked. */
  readonly rooms: readonly Room[];
  readonly aggregates: readonly Aggregate[];
  /** Names of the owners' projects, by id. */
  readonly projects: ReadonlyMap<string, string>;
  /** Moved away and not confirmed: their old disks are still here. */
  readonly unconfirmed: readonly { migration: Migration; server: Server | null; ours: Ours | null }[];
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
    throw new UserError(
      `${cloud.name}: ${user} has no admin role, so it would not see every server of a host: openstack role add --user ${user} --project PROJECT admin`,
    );
  if (project === null)
    throw new UserError(
      `${cloud.name}: the token of ${user} has no project, and Nova refuses system-scoped ones: name project_name in clouds.yaml`,
    );
}

/** Returns the other hosts of bare metal, which take nothing that is virtual either. */
export async function mustBeVirtual(host: HostName, cloud: CloudReader): Promise<ReadonlySet<HostName>> {
  const bare = await bareMetal(cloud);
  const here = bare.filter((one) => one === host);
  if (here.length > 0)
    throw new UserError(
      `${host} stands for ${count(here.length, 'bare-metal machine')} (Ironic): their servers cannot be moved; to work on a node: openstack baremetal node maintenance set NODE`,
    );
  return new Set(bare);
}

/** Ironic's nova-compute stands for machines that are servers themselves: once for each of them. */
export async function bareMetal(cloud: CloudReader): Promise<HostName[]> {
  return (await cloud.hypervisors()).flatMap(({ host, type }) => (type === 'ironic' ? [host] : []));
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
  const bare = await mustBeVirtual(host, cloud);
  const services = await reachableServices(cloud);
  const [servers, migrations, groups] = await Promise.all([
    all(cloud.servers({ host })),
    cloud.migrations({ host }),
    cloud.serverGroups(),
  ]);
  const deleted = await all(cloud.servers({ host, softDeleted: true }));
  const here = unique([...servers, ...deleted]);
  const emptying = await emptiedNow(services, context);
  const closing = new Set([host, ...bare, ...emptying.map((one) => one.host)]);
  const others = services.filter((one) => isTaking(one) && !closing.has(one.host));
  const onTheirWay = migrations.filter(({ destination, status }) => destination === host && underway(status));
  const incoming = await withServers(cloud, onTheirWay, here);
  const coming = unique(incoming.flatMap(({ server }) => server ?? []));
  const around = { host, others, block, ...(await groupsOf([...here, ...coming], groups, cloud)) };
  const [{ facts, asking, projects }, { facts: arriving }, sizes] = await Promise.all([
    readFacts(here, heed, context),
    readFacts(coming, heed, context),
    cloud.volumeSizes([...here, ...coming].flatMap(({ volumes }) => volumes)),
  ]);
  const finished = migrations.filter(({ status }) => status === 'finished');
  const ours = await oursAmong(finished, context);
  const left = finished.filter(({ source }) => source === host);
  return {
    service,
    lease: hostLease(await leases.find('host', host)),
    facts: sized(facts, sizes).map((one) => ({ ...one, ours: ours.get(one.server.id) ?? null })),
    around,
    ...(await neighboursOf(service, { services, others, emptying, asking }, context)),
    beside: await besideOf(host, services, cloud),
    projects,
    incoming,
    // Where it is now does not count for Placement, but it may well go back there.
    arriving: sized(arriving, sizes).map((one) => ({ ...one, candidates: null })),
    unconfirmed: (await withServers(cloud, left, here)).map((one) => {
      return { ...one, ours: ours.get(one.migration.server) ?? null };
    }),
  };
}

interface Around {
  readonly services: readonly Service[];
  readonly others: readonly Service[];
  readonly emptying: readonly Service[];
  readonly asking: Asker;
}

/** What its zone and its aggregates are, and what there is room for in them. */
async function neighboursOf(service: Service, { services, others, emptying, asking }: Around, context: PlanContext) {
  const aggregates = await context.cloud.aggregates();
  const fellows = await fellowsOf(service, services, context);
  const circles = circlesOf(service, others, aggregates).flatMap(({ hosts }) => hosts);
  const going = emptying.filter(({ zone }) => zone === service.zone);
  const peers = new Set([service.host, ...circles, ...going.map((one) => one.host)]);
  const rooms = await asking.rooms([...peers], await needingPlace(going, context));
  const emptied = going.reduce(without, { others, aggregates, rooms, homeless: [] });
  const beingEmptied = { hosts: going.map((one) => one.host), homeless: emptied.homeless };
  return { ...fellows, aggregates, beingEmptied, rooms: emptied.rooms };
}

async function oursAmong(finished: readonly Migration[], { history }: PlanContext): Promise<Map<string, Ours>> {
  const known = await inBatches(finished, async ({ id, server }) => {
    const job = await history.mover(server, id);
    return job === null ? [] : [[server, { job, migration: id }] as const];
  });
  return new Map(known.flat());
}

async function fellowsOf(
  { host, zone }: Service,
  services: readonly Service[],
  { leases }: PlanContext,
): Promise<Pick<Survey, 'fellows' | 'closed'>> {
  const drained = (await leases.list('host')).filter((lease) => hostLease(lease)?.detail.kind === 'drain');
  const subjects = new Set(drained.map(({ subject }) => subject));
  const computes = services.filter((one) => one.binary === 'nova-compute' && one.zone === zone && one.host !== host);
  const fellows = computes.map((one) => one.host);
  return { fellows, closed: fellows.filter((one) => subjects.has(one)) };
}

/**
 * Hosts that a running job empties, from its beginning on: two that begin at the same time would else each count on the other's
 * room. That a hook may still stop one at its start is no reason to count on it.
 */
async function emptiedNow(services: readonly Service[], { held }: PlanContext): Promise<Service[]> {
  const hosts = new Set((await held()).flatMap(({ host, command }) => (emptying.has(command) ? [host] : [])));
  return services.filter((one) => one.binary === 'nova-compute' && hosts.has(one.host));
}

const emptying = new Set(['maintenance', 'evacuate']);

/** From a host that is being emptied only what its job moves and is still there: what is left, rebuilt or on its way already needs no place. */
async function needingPlace(going: readonly Service[], { cloud, held }: PlanContext): Promise<NeedsPlace> {
  const claimed = new Map((await held()).map(({ host, servers }): [string, ReadonlySet<string>] => [host, servers]));
  const leaving = new Map(
    await inBatches(going, async (one) => [one.host, await leavingFrom(one, claimed.get(one.host), cloud)] as const),
  );
  const kept = await keptForResizes(cloud);
  return (host, consumer) => leaving.get(host)?.has(consumer) ?? !kept.has(consumer);
}

/** Placement has what moves in its migration's name, so what it has there in a server's own name is still there; but not on a dead host. */
async function leavingFrom(
  { host, state }: Service,
  claimed: ReadonlySet<string> = new Set(),
  cloud: CloudReader,
): Promise<ReadonlySet<string>> {
  if (state === 'up' || claimed.size === 0) return claimed;
  const [here, migrations] = await Promise.all([all(cloud.servers({ host })), cloud.migrations({ host })]);
  const rebuilt = new Set(migrations.filter(isBeingRebuilt).map(({ server }) => server));
  return new Set(here.flatMap(({ id }) => (claimed.has(id) && !rebuilt.has(id) ? [id] : [])));
}

/** Nova lists it on the dead host until it is through, and Placement has it on both from when a host was chosen. */
function isBeingRebuilt({ type, status, destination }: Migration): boolean {
  return type === 'evacuation' && underway(status) && destination !== null;
}

/** Uuids of migrations in whose name the source keeps a place until the resize is confirmed: its server has its own elsewhere. */
export async function keptForResizes(cloud: CloudReader): Promise<ReadonlySet<string>> {
  const migrations = await cloud.migrations({ status: 'finished' });
  return new Set(migrations.flatMap(({ uuid }) => uuid ?? []));
}

export function isTaking({ binary, status, state }: Service): boolean {
  return binary === 'nova-compute' && status === 'enabled' && state === 'up';
}

export async function reachableServices(cloud: CloudReader): Promise<Service[]> {
  const services = await cloud.services({});
  const lost = services.filter(({ status }) => status === 'unknown').map(({ host }) => host);
  if (lost.length > 0)
    throw new UserError(
      `${cloud.name}: a cell does not answer (${lost.slice(0, 5).join(', ')}); a drain would not see every server. Say it again when it does`,
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
