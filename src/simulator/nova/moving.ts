import { projectOf } from '../keystone/identity.ts';
import type { FailPhase, Migration, Server, World } from '../world.ts';
import type { NovaContext } from './context.ts';

/** What every move shares: its row, its status, and the failures a story has asked for. */
export function newMigration(
  context: NovaContext,
  server: Server,
  type: Migration['type'],
  dest: string | null,
): Migration {
  const { world, token } = context;
  const now = world.now();
  const migration: Migration = {
    id: world.next.migration++,
    uuid: world.chance.uuid(),
    type,
    server,
    userId: token.user.id,
    projectId: projectOf(token) ?? '',
    created: now,
    updated: now,
    source: server.host ?? '',
    dest,
    sourceNode: null,
    destNode: null,
    destHost: null,
    status: 'accepted',
    memory: null,
    order: null,
  };
  world.migrations.push(migration);
  server.migrations.push(migration);
  world.tables.migration(migration);
  write(world, migration);
  return migration;
}

export function setStatus(world: World, migration: Migration, status: string): void {
  const changed = migration.status !== status;
  migration.status = status;
  if (changed) write(world, migration);
  migration.updated = world.now();
  world.tables.migration(migration);
}

/** Entries kept: those of a long demo are forgotten at some time. */
const kept = 100_000;

function write(world: World, { id, type, server, status, source, dest, userId }: Migration): void {
  const by = [...world.identity.users.values()].find((user) => user.id === userId)?.name ?? userId;
  world.journal.push({ at: world.now(), migration: id, type, server: server.id, status, source, dest, by });
  if (world.journal.length > kept) world.journal.splice(0, kept / 10);
}

export function fails(world: World, server: Server, phase: FailPhase): boolean {
  const rule = world.moving.fail.find(
    (one) => one.phase === phase && one.times > 0 && (matches(one.glob, server.name) || matches(one.glob, server.id)),
  );
  if (rule === undefined) return false;
  rule.times -= 1;
  return true;
}

/** A shell pattern: `*` and `?`. */
function matches(glob: string, value: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`).test(value);
}
