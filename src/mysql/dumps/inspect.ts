import { createHash } from 'node:crypto';
import { escapeId } from 'mysql2';
import { z } from 'zod';
import { UserError } from '../../chat/user-error.ts';
import type { OperatorPool } from '../operator-pool.ts';
import type { Flavour } from './program.ts';

/** A server's databases as they stand now. Equal fingerprints before and after a dump: no DDL came between. */
export interface Inspected {
  readonly flavour: Flavour;
  readonly version: string;
  readonly binlog: boolean;
  /** Null where it is no node of a Galera cluster. */
  readonly galera: { readonly state: string; readonly position: string } | null;
  readonly tables: readonly Table[];
  readonly revisions: ReadonlyMap<string, readonly string[]>;
  readonly fingerprint: string;
}

const Table = z.object({
  schema: z.string(),
  name: z.string(),
  engine: z.string().nullable(),
  created: z.string().nullable(),
  bytes: z.coerce.number().nullable(),
});
type Table = z.output<typeof Table>;

const limitMs = 60_000;

export async function inspect(
  pool: OperatorPool,
  databases: readonly string[],
  signal?: AbortSignal,
): Promise<Inspected> {
  const about = { values: [databases], limitMs, ...(signal && { signal }) };
  const [server] = await pool.read(z.object({ version: z.string(), binlog: z.coerce.number() }), {
    sql: 'SELECT VERSION() AS version, @@log_bin AS binlog',
  });
  const tables = await pool.read(Table, {
    sql: `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name, ENGINE AS engine, CREATE_TIME AS created, DATA_LENGTH AS bytes
      FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (?) AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1, 2`,
    ...about,
  });
  const columns = await pool.read(z.object({ one: z.string() }), {
    sql: `SELECT CONCAT_WS('.', TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE) AS one
      FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (?) ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`,
    ...about,
  });
  const made = tables.map(({ schema, name, created }) => `${schema}.${name} ${created}`);
  const version = server?.version ?? 'unknown';
  return {
    flavour: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
    version,
    binlog: server?.binlog === 1,
    galera: await galeraOf(pool),
    tables,
    revisions: await revisionsOf(pool, tables),
    fingerprint: createHash('sha256')
      .update(JSON.stringify([made, columns.map(({ one }) => one)]))
      .digest('hex'),
  };
}

/** A node that fell out of its cluster, or that another one is made from, holds what was, or has other work. */
export function mustBeSynced({ galera }: Inspected, { label }: OperatorPool): void {
  if (galera !== null && galera.state !== 'Synced')
    throw new UserError(`${label} is a Galera node that is ${galera.state}, not Synced: look at it first`);
}

async function galeraOf(pool: OperatorPool): Promise<Inspected['galera']> {
  const rows = await pool.read(z.object({ Variable_name: z.string(), Value: z.string() }), {
    sql: "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_cluster_state_uuid', 'wsrep_last_committed')",
  });
  const said = new Map(rows.map((row) => [row.Variable_name, row.Value]));
  const uuid = said.get('wsrep_cluster_state_uuid');
  if (!uuid) return null;
  return {
    state: said.get('wsrep_local_state_comment') ?? 'unknown',
    position: `${uuid}:${said.get('wsrep_last_committed') ?? '?'}`,
  };
}

/** Where OpenStack's services keep the revision of their schema: alembic today, sqlalchemy-migrate before. */
const revisionColumns = { alembic_version: 'version_num', migrate_version: 'version' } as const;

export async function revisionsOf(
  pool: OperatorPool,
  tables: readonly { schema: string; name: string }[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for (const [table, column] of Object.entries(revisionColumns)) {
    for (const { schema } of tables.filter(({ name }) => name === table)) {
      const rows = await pool.read(z.object({ revision: z.coerce.string() }), {
        sql: `SELECT ${column} AS revision FROM ${escapeId(schema, true)}.${table} ORDER BY 1`,
      });
      found.set(schema, [...(found.get(schema) ?? []), ...rows.map(({ revision }) => revision)]);
    }
  }
  return found;
}
