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

/** What a table shows of a server. */
export type ServerLine = Pick<Server, 'id' | 'name' | 'status' | 'taskState' | 'locked' | 'host' | 'project'>;

const byName = new Intl.Collator('en', { numeric: true });

export function serverTable(
  servers: readonly ServerLine[],
  projects: ReadonlyMap<string, string>,
  withHost: boolean,
): Block[] {
  if (servers.length === 0) return [];
  const sorted = servers.toSorted((a, b) => byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
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
export function statusWords({ status, taskState, locked }: Pick<Server, 'status' | 'taskState' | 'locked'>): string {
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
