import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { UserError } from '../../src/chat/user-error.ts';
import { connectDatabases } from '../../src/mysql/databases.ts';
import type { Databases, Edited, EditOrder, UndoOrder } from '../../src/openstack/cloud.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { openRunbooks } from '../../src/runbooks/folder.ts';
import { rootDsn } from '../operators/cloud.ts';
import { soon } from '../operators/runbook-ground.ts';
import { freshDatabase, mariadbUrl } from '../setup/servers.ts';
import type { OwnServer } from './server.ts';

/** A table of everything that is hard to put back, in a database that runbooks are for. */
export interface Things {
  readonly root: Connection;
  /** The name of its database. */
  readonly database: string;
  readonly folder: string;
  readonly undo: string;
  connect(dsn?: string): Databases & { close(): Promise<void> };
  /** The whole table, byte for byte. */
  rows(): Promise<Record<string, string>[]>;
  other(): Promise<Connection>;
  close(): Promise<void>;
}

const table = `CREATE TABLE things (
  id int NOT NULL AUTO_INCREMENT, state varchar(40) CHARACTER SET utf8mb3, said text CHARACTER SET utf8mb4,
  raw varbinary(64), latin varchar(40) CHARACTER SET latin1, amount decimal(20,6), big bigint unsigned, flag tinyint(1),
  kind enum('a','b') DEFAULT NULL, at datetime(6) DEFAULT NULL, secret varchar(64), place varchar(40), PRIMARY KEY (id),
  UNIQUE KEY place_idx (place), KEY state_idx (state)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

export const columns = [
  'id',
  'state',
  'said',
  'raw',
  'latin',
  'amount',
  'big',
  'flag',
  'kind',
  'at',
  'secret',
  'place',
];

const head = (name: string) => `/*
name: ${name}
summary: Change things
database: keystone
releases: { words: all, migrate_version: [1, 999] }
risk: destructive
rows: { max: 4 }
parameters:
  state: { type: word, help: which }
${name === 'things-set' ? '  said: { type: text, help: what, optional: true }\n' : ''}hide: [secret]
*/
-- none: nothing may be done now
SELECT id FROM things WHERE state = 'closed';
`;

const files: Readonly<Record<string, string>> = {
  'things-set': `${head('things-set')}
-- preview
SELECT id, state, said, raw, latin, amount, at, secret FROM things WHERE state = :state;
-- change
UPDATE things SET state = CONCAT('was ', state), said = :said, raw = NULL, latin = 'é', amount = amount + 1.5, at = :now,
  secret = 'changed' WHERE state = :state;
`,
  'things-gone': `${head('things-gone')}
-- preview
SELECT id, state, place, secret FROM things WHERE state = :state;
-- change
DELETE FROM things WHERE state = :state;
`,
};

/** Where the table is made. */
interface Where {
  readonly database: string;
  readonly dsn: string;
  connect(): Promise<Connection>;
  drop(): Promise<void>;
}

async function onTheRuns(): Promise<Where> {
  const database = await freshDatabase('keystone');
  const connect = () => createConnection({ uri: mariadbUrl(), database: database.name, dateStrings: true });
  return { database: database.name, dsn: rootDsn(database), connect, drop: () => database.drop() };
}

/** On a server of the test's own, which may be a node of a cluster. */
async function onServer(server: OwnServer): Promise<Where> {
  const root = await server.connect();
  await root.query('CREATE DATABASE things');
  return {
    database: 'things',
    dsn: server.dsn('things'),
    connect: () => server.connect('things'),
    async drop() {
      await root.query('DROP DATABASE things');
      await root.end();
    },
  };
}

export async function openThings(server?: OwnServer): Promise<Things> {
  const where = await (server === undefined ? onTheRuns() : onServer(server));
  const folder = mkdtempSync(join(tmpdir(), 'vigie-things-'));
  mkdirSync(join(folder, 'runbooks'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'runbooks', `${name}.sql`), text);
  const root = await where.connect();
  await root.query(table);
  await root.query('CREATE TABLE migrate_version (repository_id varchar(250), version int)');
  await root.query("INSERT INTO migrate_version VALUES ('keystone', 109)");
  const undo = join(folder, 'undo');
  return {
    root,
    database: where.database,
    folder,
    undo,
    connect: (dsn = where.dsn) =>
      connectDatabases({
        cloud: 'demo',
        dsns: { cells: {}, keystone: dsn },
        archive: { folder: undo, publicKey: null, privateKey: null },
        runbooks: openRunbooks([join(folder, 'runbooks')]),
        now: () => new Date(),
      }),
    async rows() {
      const shown = columns.map((column) => `COALESCE(HEX(${column}), 'NULL') AS ${column}`).join(', ');
      const [found] = await root.query<RowDataPacket[]>(`SELECT ${shown} FROM things ORDER BY id`);
      return found as Record<string, string>[];
    },
    other: where.connect,
    async close() {
      await root.end();
      await where.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As a worker does whose database went away: it looks what it did, and goes on where that is nothing. */
export async function editOnce(databases: Databases, order: EditOrder): Promise<Edited> {
  for (;;) {
    try {
      const before = await databases.edited(order);
      if (before === 'unclear') throw new UserError('unclear');
      return before === null || before === 'as before' ? await databases.edit(order, soon()) : before;
    } catch (error) {
      if (!(error instanceof OpenStackError)) throw error;
    }
  }
}

export async function undoOnce(databases: Databases, order: UndoOrder): Promise<number> {
  for (;;) {
    try {
      const restored = await databases.undoEdit(order, soon());
      return restored === 'unclear' ? 0 : restored;
    } catch (error) {
      if (!(error instanceof OpenStackError)) throw error;
    }
  }
}
