import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { connectDatabases } from '../../src/mysql/databases.ts';
import type { Databases } from '../../src/openstack/cloud.ts';
import { openRunbooks } from '../../src/runbooks/folder.ts';
import { rootDsn } from '../operators/cloud.ts';
import { freshDatabase, mariadbUrl, type TestDatabase } from '../setup/servers.ts';

/** A table of everything that is hard to put back, in a database that runbooks are for. */
export interface Things {
  readonly root: Connection;
  readonly database: TestDatabase;
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

export async function openThings(): Promise<Things> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-things-'));
  mkdirSync(join(folder, 'runbooks'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'runbooks', `${name}.sql`), text);
  const database = await freshDatabase('keystone');
  const other = () => createConnection({ uri: mariadbUrl(), database: database.name, dateStrings: true });
  const root = await other();
  await root.query(table);
  await root.query('CREATE TABLE migrate_version (repository_id varchar(250), version int)');
  await root.query("INSERT INTO migrate_version VALUES ('keystone', 109)");
  const undo = join(folder, 'undo');
  return {
    root,
    database,
    folder,
    undo,
    connect: (dsn = rootDsn(database)) =>
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
    other,
    async close() {
      await root.end();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
