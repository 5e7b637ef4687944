import { z } from 'zod';
import type { ActionEvent, InstanceAction, Migration, MigrationFilter, Version } from './cloud.ts';
import { atLeast } from './microversion.ts';
import { ServerId } from './names.ts';
import { nextMarker } from './pages.ts';
import type { Session } from './session.ts';
import { Links, MaybeHost, Moment, read, Text } from './wire.ts';

/** From here on Nova orders migrations, and gives as many as are asked for. */
export const pagedFrom = '2.59';

const types = ['live-migration', 'migration', 'resize', 'evacuation'] as const;
type KnownType = (typeof types)[number];

/** Fields hidden from a token that is not admin are null. */
const Wire = z.looseObject({
  id: z.number(),
  uuid: Text,
  instance_uuid: ServerId.optional(),
  server_uuid: ServerId.optional(),
  migration_type: Text,
  status: Text,
  source_compute: MaybeHost,
  dest_compute: MaybeHost,
  created_at: Moment,
  updated_at: Moment,
  memory_total_bytes: z.number().nullish(),
  memory_remaining_bytes: z.number().nullish(),
  disk_total_bytes: z.number().nullish(),
  disk_remaining_bytes: z.number().nullish(),
});
type Wire = z.output<typeof Wire>;
const List = z.object({ migrations: z.array(Wire), migrations_links: Links });

/** os-migrations, newest first: Nova orders them from 2.59, before that they come as the database likes. */
export async function listMigrations(session: Session, cloud: string, filter: MigrationFilter): Promise<Migration[]> {
  const version = await session.speaks('compute', '2.80');
  const all = await pagesOf(session, cloud, version, filter);
  const migrations = all.map((wire) => toMigration(wire, 'unknown')).sort(newestFirst);
  return filter.limit === undefined ? migrations : migrations.slice(0, filter.limit);
}

/** Live migrations of a server that are in progress, with what they have to copy. */
export async function listServerMigrations(session: Session, cloud: string, id: ServerId): Promise<Migration[]> {
  const version = await session.speaks('compute', '2.80');
  if (!atLeast(version, '2.23')) return [];
  const path = `/servers/${id}/migrations`;
  const { body } = await session.ask('compute', { path, version });
  return read(List, body, cloud, `GET compute ${path}`)
    .migrations.map((wire) => toMigration({ ...wire, instance_uuid: id }, 'live-migration'))
    .sort(newestFirst);
}

const Action = z.looseObject({
  action: z.string(),
  request_id: z.string(),
  user_id: Text,
  start_time: Moment,
  message: Text,
});
const Event = z.looseObject({ event: z.string(), result: Text, details: Text, host: Text, finish_time: Moment });
const Actions = z.object({ instanceActions: z.array(Action) });
const OneAction = z.object({ instanceAction: Action.extend({ events: z.array(Event).optional() }) });

export async function listActions(session: Session, cloud: string, id: ServerId): Promise<InstanceAction[]> {
  const version = await session.speaks('compute', '2.84');
  const path = `/servers/${id}/os-instance-actions`;
  const { body } = await session.ask('compute', { path, version });
  const { instanceActions } = read(Actions, body, cloud, `GET compute ${path}`);
  return instanceActions
    .map((wire) => toAction(wire, []))
    .sort((a, b) => (b.startedAt?.getTime() ?? 0) - (a.startedAt?.getTime() ?? 0));
}

export async function showAction(
  session: Session,
  cloud: string,
  id: ServerId,
  requestId: string,
): Promise<InstanceAction> {
  const version = await session.speaks('compute', '2.84');
  const path = `/servers/${id}/os-instance-actions/${encodeURIComponent(requestId)}`;
  const { body } = await session.ask('compute', { path, version });
  const { instanceAction } = read(OneAction, body, cloud, `GET compute ${path}`);
  return toAction(instanceAction, (instanceAction.events ?? []).map(toEvent));
}

async function pagesOf(session: Session, cloud: string, version: Version, filter: MigrationFilter): Promise<Wire[]> {
  const paged = atLeast(version, pagedFrom);
  const { host, source, status, server } = filter;
  const wanted = { host, source_compute: source, status, instance_uuid: server };
  const all: Wire[] = [];
  let marker: string | undefined;
  do {
    const query = paged ? { ...wanted, limit: Math.min(filter.limit ?? 1000, 1000), marker } : wanted;
    const { body } = await session.ask('compute', { path: '/os-migrations', query, version });
    const page = read(List, body, cloud, 'GET compute /os-migrations');
    all.push(...page.migrations);
    marker = paged ? nextMarker(page.migrations_links) : undefined;
  } while (marker !== undefined && all.length < (filter.limit ?? Number.POSITIVE_INFINITY));
  return all;
}

function toMigration(wire: Wire, fallback: KnownType | 'unknown'): Migration {
  return {
    id: wire.id,
    uuid: wire.uuid,
    // A migration without a server does not exist in Nova; the nil uuid keeps a broken row visible.
    server: wire.instance_uuid ?? wire.server_uuid ?? ServerId.parse('00000000-0000-0000-0000-000000000000'),
    type: types.find((type) => type === wire.migration_type) ?? fallback,
    status: wire.status ?? 'unknown',
    source: wire.source_compute,
    destination: wire.dest_compute,
    createdAt: wire.created_at,
    updatedAt: wire.updated_at,
    memory: copied(wire.memory_total_bytes, wire.memory_remaining_bytes),
    disk: copied(wire.disk_total_bytes, wire.disk_remaining_bytes),
  };
}

function copied(total: number | null | undefined, remaining: number | null | undefined): Migration['memory'] {
  return total == null ? null : { totalBytes: total, remainingBytes: remaining ?? 0 };
}

function newestFirst(a: Migration, b: Migration): number {
  return (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0) || b.id - a.id;
}

function toAction(wire: z.output<typeof Action>, events: ActionEvent[]): InstanceAction {
  return {
    action: wire.action,
    requestId: wire.request_id,
    user: wire.user_id,
    startedAt: wire.start_time,
    message: wire.message,
    events,
  };
}

function toEvent(wire: z.output<typeof Event>): ActionEvent {
  return {
    event: wire.event,
    result: wire.result,
    details: wire.details,
    host: wire.host,
    finishedAt: wire.finish_time,
  };
}
