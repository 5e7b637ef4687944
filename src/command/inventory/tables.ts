import type { Block } from '../../chat/report.ts';
import type { CloudReader, Migration, Project, Server } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { age } from '../words.ts';

/** Names of projects by id; empty where the token may not list them, so that ids are shown instead. */
export async function projectNames(cloud: CloudReader): Promise<Map<string, string>> {
  try {
    return new Map((await cloud.projects()).map(({ id, name }: Project) => [id, name]));
  } catch (error) {
    if (error instanceof OpenStackError) return new Map();
    throw error;
  }
}

export function serverTable(
  servers: readonly Server[],
  projects: ReadonlyMap<string, string>,
  withHost: boolean,
): Block[] {
  if (servers.length === 0) return [];
  const sorted = servers.toSorted(
    (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }) || a.id.localeCompare(b.id),
  );
  const rows = sorted.map((server) => [
    server.name,
    server.id,
    statusWords(server),
    ...(withHost ? [server.host ?? '-'] : []),
    projects.get(server.project) ?? server.project,
  ]);
  return [{ kind: 'table', columns: ['server', 'id', 'status', ...(withHost ? ['host'] : []), 'project'], rows }];
}

/** `ACTIVE`; `ACTIVE, migrating`; `SHUTOFF, locked`. */
export function statusWords({ status, taskState, locked }: Server): string {
  return [status, ...(taskState === null ? [] : [taskState]), ...(locked ? ['locked'] : [])].join(', ');
}

export function migrationTable(
  migrations: readonly Migration[],
  now: Date,
  names: ReadonlyMap<string, string>,
): Block[] {
  if (migrations.length === 0) return [];
  const rows = migrations.map((migration) => [
    names.get(migration.server) ?? migration.server,
    `${migration.type} ${migration.id}`,
    migration.status === 'finished' ? 'finished, not confirmed' : migration.status,
    `${migration.source ?? '?'} → ${migration.destination ?? '?'}`,
    age(migration.createdAt, now),
  ]);
  return [{ kind: 'table', columns: ['server', 'migration', 'status', 'from → to', 'age'], rows }];
}
