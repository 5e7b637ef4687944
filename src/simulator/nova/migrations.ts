import { badRequest, conflict, notFound } from '../fault.ts';
import type { Answer } from '../http.ts';
import { stamp } from '../json.ts';
import type { Migration, Server } from '../world.ts';
import { knownQuery, numberQuery } from './checks.ts';
import { bodyFields, type NovaContext, recordAction, requireAdmin, serverOf } from './context.ts';
import { begin, end, requireState } from './guards.ts';
import { fails } from './moving.ts';
import { nextLink } from './paging.ts';

const IN_PROGRESS = new Set(['queued', 'preparing', 'running', 'post-migrating']);
const KNOWN =
  'host source_compute status migration_type instance_uuid hidden limit marker changes-since changes-before user_id project_id'.split(
    ' ',
  );

/** GET os-migrations */
export function listMigrations(context: NovaContext): Answer {
  requireAdmin(context, 'os-migrations:index');
  knownQuery(context, KNOWN, 59);
  const { world, request, minor } = context;
  const asked = request.query.get('instance_uuid');
  const all = asked === null ? world.migrations : migrationsOf(context, asked);
  const reached = all.filter(({ server }) => !world.cellsDown.has(server.cell));
  const found = reached.filter((migration) => wanted(request.query, migration));
  if (minor < 59) return { status: 200, body: { migrations: found.map((each) => rowView(context, each)) } };

  const newest = [...found].reverse();
  const limit = Math.min(numberQuery(context, 'limit') ?? 1000, 1000);
  const from = startAfter(newest, request.query.get('marker'));
  const page = newest.slice(from, from + limit);
  const last = page.at(-1);
  const next = last && page.length === limit ? { migrations_links: nextLink(context, last.uuid) } : {};
  return { status: 200, body: { migrations: page.map((each) => rowView(context, each)), ...next } };
}

function migrationsOf({ world }: NovaContext, id: string): readonly Migration[] {
  return world.servers.get(id)?.migrations ?? world.migrations.filter(({ server }) => server.id === id);
}

function wanted(query: URLSearchParams, migration: Migration): boolean {
  const host = query.get('host');
  const source = query.get('source_compute');
  const since = query.get('changes-since');
  const asked = (key: string, value: string) => query.get(key) === null || query.get(key) === value;
  return (
    (host === null || migration.source === host || migration.dest === host) &&
    // nova forgets source_compute when there is a host
    (host !== null || source === null || migration.source === source) &&
    (since === null || migration.updated >= new Date(since)) &&
    asked('status', migration.status) &&
    asked('migration_type', migration.type) &&
    asked('user_id', migration.userId) &&
    asked('project_id', migration.projectId)
  );
}

function startAfter(rows: readonly Migration[], marker: string | null): number {
  if (marker === null) return 0;
  const index = rows.findIndex(({ uuid }) => uuid === marker);
  if (index < 0) throw badRequest(`Marker ${marker} could not be found.`);
  return index + 1;
}

function rowView({ minor, base }: NovaContext, migration: Migration): unknown {
  const { server, type } = migration;
  const flavor = type === 'evacuation' ? null : server.flavor.number;
  const live = minor >= 23 && type === 'live-migration' && IN_PROGRESS.has(migration.status);
  const href = `/servers/${server.id}/migrations/${migration.id}`;
  return {
    id: migration.id,
    ...(minor >= 59 ? { uuid: migration.uuid } : {}),
    source_compute: migration.source,
    dest_compute: migration.dest,
    source_node: migration.sourceNode,
    dest_node: migration.destNode,
    dest_host: migration.destHost,
    old_instance_type_id: flavor,
    new_instance_type_id: flavor,
    instance_uuid: server.id,
    status: migration.status,
    ...(minor >= 23 ? { migration_type: type } : {}),
    ...(minor >= 80 ? { user_id: migration.userId, project_id: migration.projectId } : {}),
    created_at: stamp(migration.created),
    updated_at: stamp(migration.updated),
    ...(live
      ? {
          links: [
            { rel: 'self', href: `${base}/v2.1${href}` },
            { rel: 'bookmark', href: `${base}${href}` },
          ],
        }
      : {}),
  };
}

/** GET servers/ID/migrations: the live ones that are under way. */
export function listServerMigrations(context: NovaContext): Answer {
  const server = serverOf(context);
  requireAdmin(context, 'servers:migrations:index');
  return { status: 200, body: { migrations: underWay(server).map((each) => progressView(context, each)) } };
}

export function showServerMigration(context: NovaContext): Answer {
  const server = serverOf(context);
  requireAdmin(context, 'servers:migrations:show');
  const id = context.params['migration'];
  const migration = server.migrations.find((each) => String(each.id) === id);
  if (!migration) throw notFound(`In-progress live migration ${id} is not found for server ${server.id}.`);
  if (migration.type !== 'live-migration')
    throw notFound(`Migration ${id} for server ${server.id} is not live-migration.`);
  if (!IN_PROGRESS.has(migration.status)) throw notFound(`Migration ${id} for server ${server.id} is not in progress.`);
  return { status: 200, body: { migration: progressView(context, migration) } };
}

function underWay(server: Server): Migration[] {
  return server.migrations.filter(({ type, status }) => type === 'live-migration' && IN_PROGRESS.has(status));
}

function progressView({ minor }: NovaContext, migration: Migration): unknown {
  const { memory } = migration;
  const disk = memory === null ? null : 0;
  return {
    created_at: stamp(migration.created),
    dest_compute: migration.dest,
    dest_host: migration.destHost,
    dest_node: migration.destNode,
    disk_processed_bytes: disk,
    disk_remaining_bytes: disk,
    disk_total_bytes: disk,
    id: migration.id,
    memory_processed_bytes: memory?.processed ?? null,
    memory_remaining_bytes: memory === null ? null : memory.total - memory.processed,
    memory_total_bytes: memory?.total ?? null,
    server_uuid: migration.server.id,
    source_compute: migration.source,
    source_node: migration.sourceNode,
    status: migration.status,
    updated_at: stamp(migration.updated),
    ...(minor >= 59 ? { uuid: migration.uuid } : {}),
    ...(minor >= 80 ? { user_id: migration.userId, project_id: migration.projectId } : {}),
  };
}

export function abortMigration(context: NovaContext): Answer {
  const server = serverOf(context);
  requireAdmin(context, 'servers:migrations:delete');
  const migration = steered(context, server, 'abort live migration');
  const early = migration.status === 'queued' || migration.status === 'preparing';
  if (migration.status !== 'running' && !(early && context.minor >= 65)) {
    throw badRequest(
      `Migration ${migration.id} state of instance ${server.id} is ${migration.status}. Cannot abort live migration while the migration is in this state.`,
    );
  }
  return order(context, server, migration, 'abort', ['live_migration_cancel', 'compute_live_migration_abort']);
}

export function forceComplete(context: NovaContext): Answer {
  const [verb] = Object.keys(bodyFields(context));
  if (verb !== 'force_complete') throw badRequest(`There is no such action: ${verb}`);
  const server = serverOf(context);
  requireAdmin(context, 'servers:migrations:force_complete');
  const migration = steered(context, server, 'force_complete');
  requireState(server, 'force_complete', ['active'], 'any');
  if (migration.status !== 'running') {
    throw badRequest(
      `Migration ${migration.id} state of instance ${server.id} is ${migration.status}. Cannot force_complete while the migration is in this state.`,
    );
  }
  return order(context, server, migration, 'complete', [
    'live_migration_force_complete',
    'compute_live_migration_force_complete',
  ]);
}

function steered({ params }: NovaContext, server: Server, verb: string): Migration {
  if (server.taskState !== 'migrating') throw conflict(`Instance ${server.id} is in an invalid state for '${verb}'`);
  const id = params['migration'];
  const migration = server.migrations.find((each) => String(each.id) === id);
  if (!migration) throw notFound(`Migration ${id} not found for instance ${server.id}`);
  return migration;
}

function order(
  context: NovaContext,
  server: Server,
  migration: Migration,
  wish: 'abort' | 'complete',
  names: [string, string],
): Answer {
  const { world } = context;
  const action = recordAction(context, server, names[0]);
  const event = begin(world, server, action, names[1], migration.source);
  // Nova only casts to nova-compute: what the hypervisor says to it, the event alone tells. What waits is never asked of it.
  const refused = wish === 'abort' && migration.status === 'running' && fails(world, server, 'abort');
  if (!refused) migration.order = wish;
  end(world, server, action, event, refused ? 'Requested operation is not valid: the job cannot be aborted' : null);
  return { status: 202 };
}
