import type { Pool, RowDataPacket } from 'mysql2/promise';
import type { Settings } from '../settings.ts';
import type { Cell } from '../world.ts';
import { API_REVISION, API_TABLES, KEYSTONE_TABLES } from './api-schema.ts';
import { CELL_REVISION, CELL_TABLES } from './cell-schema.ts';

export interface Databases {
  readonly api: string;
  readonly keystone: string;
  readonly cells: readonly Cell[];
}

const CELL0 = '00000000-0000-0000-0000-000000000000';
/** The comment of every table made here. */
const MARK = 'made by the simulator';
const ARCHIVED = ['instances', 'migrations', 'instance_actions', 'instance_actions_events', 'instance_faults'];

export function databasesOf({ prefix, cells }: Settings, uuid: () => string): Databases {
  const all: Cell[] = [
    { id: 1, uuid: CELL0, name: 'cell0', database: `${prefix}nova_cell0` },
    { id: 2, uuid: uuid(), name: 'cell1', database: `${prefix}nova` },
  ];
  if (cells === 2) all.push({ id: 3, uuid: uuid(), name: 'cell2', database: `${prefix}nova_cell2` });
  return { api: `${prefix}nova_api`, keystone: `${prefix}keystone`, cells: all };
}

/** Makes every database anew. One that another program made is never touched. */
export async function createDatabases(pool: Pool, databases: Databases): Promise<void> {
  const cellTables = { ...CELL_TABLES, ...shadows() };
  const wanted: [string, Readonly<Record<string, string>>][] = [
    [databases.api, API_TABLES],
    [databases.keystone, KEYSTONE_TABLES],
    ...databases.cells.map(({ database }): (typeof wanted)[number] => [database, cellTables]),
  ];
  for (const [database] of wanted) await refuseForeign(pool, database);
  // side by side: each table waits for the disk
  await Promise.all(wanted.map(([database, tables]) => create(pool, database, tables)));
  const revisions = [
    [databases.api, API_REVISION],
    ...databases.cells.map(({ database }) => [database, CELL_REVISION]),
  ];
  for (const [database, revision] of revisions)
    await pool.query(`INSERT INTO \`${database}\`.alembic_version VALUES (?)`, [revision]);
}

async function create(pool: Pool, database: string, tables: Readonly<Record<string, string>>): Promise<void> {
  await pool.query(`DROP DATABASE IF EXISTS \`${database}\``);
  await pool.query(`CREATE DATABASE \`${database}\` CHARACTER SET utf8mb3`);
  const kind = `ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COMMENT='${MARK}'`;
  const made = Object.entries(tables).map(([table, columns]) =>
    pool.query(`CREATE TABLE \`${database}\`.\`${table}\` (${columns}) ${kind}`),
  );
  await Promise.all(made);
}

/** Archived rows go to a twin that has no key but the first. */
function shadows(): Readonly<Record<string, string>> {
  const archived = Object.entries(CELL_TABLES).filter(([table]) => ARCHIVED.includes(table));
  return Object.fromEntries(
    archived.map(([table, columns]) => [`shadow_${table}`, columns.replace(/(?<=PRIMARY KEY \(\w+\)),[\s\S]*$/, '')]),
  );
}

async function refuseForeign(pool: Pool, database: string): Promise<void> {
  const [found] = await pool.query<RowDataPacket[]>(
    `SELECT SUM(table_comment = ?) AS marked FROM information_schema.tables WHERE table_schema = ? HAVING COUNT(*) > 0`,
    [MARK, database],
  );
  if (found[0] !== undefined && Number(found[0]['marked']) === 0) {
    throw new Error(
      `The database ${database} was not made by the simulator: it will not be erased. Choose another prefix.`,
    );
  }
}
