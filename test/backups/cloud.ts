import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { connectDatabases } from '../../src/mysql/databases.ts';
import type { DumpFacts, Dumps, Proof } from '../../src/openstack/cloud.ts';
import type { BackupSettings } from '../../src/openstack/config.ts';
import type { Ground } from '../clouds/ground.ts';
import { apiTables, cellTables, keystoneTables } from '../operators/tables.ts';
import { mariadbUrl } from '../setup/servers.ts';
import { type BackupGround, backupGround } from './ground.ts';

/** A small cloud's databases on a MariaDB, and a worker's way to dump and prove them. */
export interface BackupCloud {
  readonly root: Connection;
  readonly keystone: string;
  readonly ground: BackupGround;
  readonly server: Ground['databaseServer'];
  dumps(changes?: Partial<BackupSettings>): Dumps;
  dump(changes?: Partial<BackupSettings>, onTick?: () => void): Promise<Made>;
  prove(made: Made, changes?: Partial<BackupSettings>, onTick?: (doing: string) => void): Promise<Proof>;
  drop(): Promise<void>;
}

export interface Made {
  readonly path: string;
  readonly facts: DumpFacts;
}

const projectTable = `CREATE TABLE project (id varchar(64) NOT NULL PRIMARY KEY, name varchar(64) NOT NULL,
  domain_id varchar(64) NOT NULL, is_domain tinyint(1) NOT NULL DEFAULT 0)`;
const userTable = 'CREATE TABLE user (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(255) NOT NULL)';
const nodeTable = 'CREATE TABLE compute_nodes (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, host varchar(255))';
const revisionTable = 'CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY)';

interface Wanted {
  readonly tokens?: number;
  /** Another server than the run's. */
  readonly url?: string;
}

export async function backupCloud({ tokens = 500, url = mariadbUrl() }: Wanted = {}): Promise<BackupCloud> {
  const root = await createConnection({ uri: url, multipleStatements: false });
  const prefix = `b${randomBytes(4).toString('hex')}_`;
  const [keystone, api, cell] = ['keystone', 'nova_api', 'nova'].map((name) => `${prefix}${name}`) as [
    string,
    string,
    string,
  ];
  await make(root, keystone, [...keystoneTables, projectTable, userTable, revisionTable]);
  await make(root, api, [...apiTables, revisionTable]);
  await make(root, cell, [...cellTables, nodeTable, revisionTable]);
  await fill(root, { keystone, api, cell, tokens });
  const server = { root: url, databases: [keystone, cell, api] };
  const ground = backupGround();
  await ground.admit(server);
  const open: { close(): Promise<void> }[] = [];
  function dumps(changes?: Partial<BackupSettings>): Dumps {
    const backup = ground.settings(server, changes);
    const databases = connectDatabases({ cloud: 'demo', dsns: { cells: {} }, backup, now: () => new Date() });
    open.push(databases);
    return databases.dumps;
  }
  const { signal } = new AbortController();
  return {
    root,
    keystone,
    ground,
    server,
    dumps,
    async dump(changes, onTick = () => undefined) {
      const job = randomBytes(2).toString('hex');
      const port = dumps(changes);
      const [main] = port.servers();
      const order = { name: 'main', databases: main?.databases ?? [], job, human: 'alice', signal, began: new Date() };
      return ended(port.dump(order), onTick);
    },
    prove: (made, changes, onTick = () => undefined) =>
      ended(dumps(changes).prove({ ...made, signal }), ({ doing }) => onTick(doing)),
    async drop() {
      for (const one of open) await one.close();
      for (const name of server.databases) await root.query(`DROP DATABASE IF EXISTS ${name}`);
      await ground.drop();
      await root.end();
    },
  };
}

export async function ended<P, T>(work: AsyncGenerator<P, T>, onTick: (progress: P) => void): Promise<T> {
  for (;;) {
    const { done, value } = await work.next();
    if (done) return value;
    onTick(value);
  }
}

async function make(root: Connection, name: string, tables: readonly string[]): Promise<void> {
  await root.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  await root.query(`USE ${name}`);
  for (const table of tables) await root.query(table);
}

interface Names {
  readonly keystone: string;
  readonly api: string;
  readonly cell: string;
  readonly tokens: number;
}

async function fill(root: Connection, { keystone, api, cell, tokens }: Names): Promise<void> {
  const body = "CONCAT('it''s (', CHAR(10), '),(; \\\\\\\\ -- ', REPEAT(MD5(seq), 16))";
  await root.query(
    `INSERT INTO ${keystone}.token (id, expires, extra, valid) SELECT MD5(seq), UTC_TIMESTAMP(), ${body}, 1 FROM seq_1_to_${tokens}`,
  );
  await root.query(
    `INSERT INTO ${keystone}.project VALUES ('<<keystone.domain.root>>', 'root', 'root', 1), ('default', 'Default', 'root', 1), ('p1', 'admin', 'default', 0)`,
  );
  await root.query(`INSERT INTO ${keystone}.user (name) VALUES ('admin')`);
  await root.query(
    `INSERT INTO ${api}.cell_mappings (uuid, name) VALUES ('00000000-0000-0000-0000-000000000000', 'cell0'), (UUID(), 'cell1')`,
  );
  await root.query(`INSERT INTO ${cell}.compute_nodes (host) VALUES ('cmp1')`);
  for (const name of [keystone, api, cell]) await root.query(`INSERT INTO ${name}.alembic_version VALUES ('abc123')`);
}

/** Where the throw-away servers of a cloud's proofs live. */
export function scratchOf({ folder }: BackupGround): string {
  return join(folder, 'scratch');
}
