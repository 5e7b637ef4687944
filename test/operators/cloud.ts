import { randomBytes, randomUUID } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import { ServerId } from '../../src/openstack/names.ts';
import { freshDatabase, mariadbUrl, type TestDatabase } from '../setup/servers.ts';
import { apiTables, cellTables, keystoneTables } from './tables.ts';

export const cell1 = '8561f208-1e89-4668-a2ea-98482f5299ef';
export const cell2 = '0b2f6c1e-58d4-4c07-9a3f-1f0e6f9f2d11';

/** A cloud's databases on the run's MariaDB: nova_api, two cells, keystone, and accounts with the rights a test wants. */
export interface CloudDatabases {
  readonly root: Connection;
  readonly api: TestDatabase;
  readonly cells: Readonly<Record<string, TestDatabase>>;
  readonly keystone: TestDatabase;
  /** A DSN as SQLAlchemy writes it, for a new account with these grants (`SELECT ON {db}.token`). */
  account(database: TestDatabase, ...grants: string[]): Promise<{ dsn: string; user: string; password: string }>;
  /** A server in a cell, mapped in nova_api. */
  server(cell: string, row?: { name?: string; disableTerminate?: number | null; deleted?: number }): Promise<ServerId>;
  drop(): Promise<void>;
}

export async function cloudDatabases(): Promise<CloudDatabases> {
  const root = await createConnection({ uri: mariadbUrl(), dateStrings: true });
  const api = await freshDatabase('nova_api');
  const cells: Record<string, TestDatabase> = {
    [cell1]: await freshDatabase('nova'),
    [cell2]: await freshDatabase('nova'),
  };
  const keystone = await freshDatabase('keystone');
  await make(root, api, apiTables);
  for (const cell of Object.values(cells)) await make(root, cell, cellTables);
  await make(root, keystone, keystoneTables);
  await root.query(
    `INSERT INTO ${api.name}.cell_mappings (id, uuid, name) VALUES (1, '00000000-0000-0000-0000-000000000000', 'cell0'), (2, ?, 'cell1'), (3, ?, 'cell2')`,
    [cell1, cell2],
  );
  const users: string[] = [];
  return {
    root,
    api,
    cells,
    keystone,
    account: async (database, ...grants) => {
      const made = { user: `u${randomBytes(5).toString('hex')}`, password: `p@ss/${randomBytes(5).toString('hex')}` };
      users.push(made.user);
      await root.query('CREATE USER ?@localhost IDENTIFIED BY ?', [made.user, made.password]);
      for (const grant of grants)
        await root.query(`GRANT ${grant.replaceAll('{db}', database.name)} TO ?@localhost`, [made.user]);
      return { ...made, dsn: dsnOf(database, made) };
    },
    server: async (cell, row = {}) => {
      const id = ServerId.parse(randomUUID());
      const database = cells[cell];
      if (database === undefined) throw new Error(`no cell ${cell}`);
      await root.query(
        `INSERT INTO ${database.name}.instances (uuid, display_name, host, vm_state, deleted, hidden, disable_terminate, updated_at) VALUES (?, ?, 'cmp1', 'active', ?, 0, ?, '2026-01-02 03:04:05')`,
        [id, row.name ?? 'web', row.deleted ?? 0, row.disableTerminate ?? null],
      );
      await root.query(
        `INSERT INTO ${api.name}.instance_mappings (instance_uuid, cell_id, project_id, queued_for_delete) VALUES (?, (SELECT id FROM ${api.name}.cell_mappings WHERE uuid = ?), 'p', 0)`,
        [id, cell],
      );
      return id;
    },
    drop: async () => {
      for (const user of users) await root.query('DROP USER ?@localhost', [user]);
      for (const database of [api, keystone, ...Object.values(cells)]) await database.drop();
      await root.end();
    },
  };
}

export function dsnOf(database: TestDatabase, { user, password }: { user: string; password: string }): string {
  return `mysql+pymysql://${user}:${encodeURIComponent(password)}@localhost/${database.name}?charset=utf8&unix_socket=${encodeURIComponent(socketOf())}`;
}

export function rootDsn(database: TestDatabase): string {
  return `mysql+pymysql://root@/${database.name}?unix_socket=${encodeURIComponent(socketOf())}`;
}

function socketOf(): string {
  return new URL(mariadbUrl()).searchParams.get('socketPath') ?? '';
}

async function make(root: Connection, database: TestDatabase, tables: readonly string[]): Promise<void> {
  await root.query(`USE ${database.name}`);
  for (const table of tables) await root.query(table);
}
