import { type Kysely, sql } from 'kysely';
import { trunk } from './migrations/0001-trunk.ts';
import { marks } from './migrations/0002-marks.ts';
import { findings } from './migrations/0003-findings.ts';
import { backups } from './migrations/0004-backups.ts';
import { campaigns } from './migrations/0005-campaigns.ts';
import { titles } from './migrations/0006-titles.ts';
import type { Tables } from './tables.ts';

const migrations: readonly { name: string; statements: readonly string[] }[] = [
  { name: '0001-trunk', statements: trunk },
  { name: '0002-marks', statements: marks },
  { name: '0003-findings', statements: findings },
  { name: '0004-backups', statements: backups },
  { name: '0005-campaigns', statements: campaigns },
  { name: '0006-titles', statements: titles },
];

/**
 * Brings the tables up to date under a lease in a row (no GET_LOCK: it means nothing on Galera). MySQL commits each
 * DDL by itself, so a killed migration is taken up at the statement it had not yet counted.
 */
export async function migrate(rows: Kysely<Tables>): Promise<void> {
  await sql`CREATE TABLE IF NOT EXISTS migration (name VARCHAR(64) NOT NULL PRIMARY KEY, at DATETIME(3) NOT NULL)`.execute(
    rows,
  );
  const missing = await pending(rows);
  if (missing.length === 0) return;
  const me = `${process.pid}-${Math.random().toString(36).slice(2)}`;
  await sql`CREATE TABLE IF NOT EXISTS migrating (one TINYINT NOT NULL PRIMARY KEY, holder VARCHAR(64) NOT NULL, until DATETIME(3) NOT NULL)`.execute(
    rows,
  );
  await sql`INSERT IGNORE INTO migrating VALUES (1, '', '1970-01-01')`.execute(rows);
  while (!(await takeLease(rows, me))) await new Promise((resolve) => setTimeout(resolve, 200));
  try {
    for (const { name, statements } of await pending(rows)) await apply(rows, name, statements);
  } finally {
    await sql`UPDATE migrating SET until = '1970-01-01' WHERE holder = ${me}`.execute(rows);
  }
}

async function pending(rows: Kysely<Tables>) {
  const done = await rows.selectFrom('migration').select('name').execute();
  const names = new Set(done.map((row) => row.name));
  return migrations.filter(({ name }) => !names.has(name));
}

async function takeLease(rows: Kysely<Tables>, me: string): Promise<boolean> {
  const taken = await sql`UPDATE migrating SET holder = ${me}, until = UTC_TIMESTAMP(3) + INTERVAL 60 SECOND
    WHERE one = 1 AND until < UTC_TIMESTAMP(3)`.execute(rows);
  return taken.numAffectedRows === 1n;
}

async function apply(rows: Kysely<Tables>, name: string, statements: readonly string[]): Promise<void> {
  for (const [number, statement] of statements.entries()) {
    const mark = `${name}#${number}`;
    const done = await rows.selectFrom('migration').select('name').where('name', '=', mark).executeTakeFirst();
    if (done !== undefined) continue;
    await sql.raw(tolerant(statement)).execute(rows).catch(unlessThere);
    await sql`INSERT INTO migration VALUES (${mark}, UTC_TIMESTAMP(3))`.execute(rows);
  }
  await sql`INSERT INTO migration VALUES (${name}, UTC_TIMESTAMP(3))`.execute(rows);
}

/** Whatever the database's own defaults are: transactions, every character, and names that differ in case are different. */
const storage = 'ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

const thereAlready = new Set(['ER_DUP_KEYNAME', 'ER_DUP_FIELDNAME']);

/** An index or a column that a killed run made before it was counted; MySQL knows no IF NOT EXISTS for them. */
function unlessThere(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && thereAlready.has(String(error.code)))) throw error;
}

/** A statement that ran but was not counted before a kill must be harmless the second time. */
function tolerant(statement: string): string {
  return statement
    .replace(/^CREATE TABLE (.*)$/s, `CREATE TABLE IF NOT EXISTS $1 ${storage}`)
    .replace(/^INSERT INTO /, 'INSERT IGNORE INTO ');
}
