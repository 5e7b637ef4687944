import { escapeId } from 'mysql2';
import { z } from 'zod';
import type { RevocationSurvey, SweptTable, TokenSurvey } from '../openstack/cloud.ts';
import { galeraOf } from './brakes.ts';
import { sizeOf } from './keystone-db.ts';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool } from './operator-pool.ts';
import { ageOf } from './token-walk.ts';

interface Limits {
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

export async function surveyTokens(
  keystone: OperatorPool,
  { cutoff, replicas }: { cutoff: string; replicas: number },
  limits: Limits,
): Promise<TokenSurvey> {
  const indexes = await indexesOf(keystone, 'token');
  const expiresIndex = ageIndex('token', indexes);
  const [version] = await keystone.read(z.object({ version: z.string() }), { sql: 'SELECT VERSION() AS version' });
  return {
    expired:
      expiresIndex === null ? null : await oldRows(keystone, { table: 'token', cutoff, index: expiresIndex }, limits),
    expiresIndex,
    schema: await schemaOf(keystone),
    indexNames: indexes.map(({ name }) => name),
    columns: await columnsOf(keystone),
    galera: await galeraOf(keystone),
    replicas,
    server: version?.version ?? 'unknown',
  };
}

/** Null where there is no such table: Keystone has it from Icehouse on. */
export async function surveyRevocations(
  keystone: OperatorPool,
  { cutoff, replicas }: { cutoff: string; replicas: number },
  limits: Limits,
): Promise<RevocationSurvey | null> {
  const table = 'revocation_event';
  const size = await sizeOf(keystone, table);
  if (size === null) return null;
  const index = ageIndex(table, await indexesOf(keystone, table));
  return {
    old: index === null ? null : await oldRows(keystone, { table, cutoff, index }, limits),
    index,
    rows: size.estimate,
    dataBytes: size.dataBytes,
    galera: await galeraOf(keystone),
    replicas,
  };
}

/** Instant with an index on the rows' age; without one it reads what is left of the table. */
export async function expiredLeft(
  keystone: OperatorPool,
  { table, cutoff }: { table: SweptTable; cutoff: string },
  limitMs: number,
): Promise<boolean | null> {
  const index = ageIndex(table, await indexesOf(keystone, table));
  const hint = index === null ? '' : `FORCE INDEX (${escapeId(index, true)})`;
  try {
    const rows = await keystone.raw({
      sql: `SELECT 1 FROM ${table} ${hint} WHERE ${ageOf[table]} < ? LIMIT 1`,
      values: [cutoff],
      limitMs,
    });
    return rows.length > 0;
  } catch (error) {
    if (databaseProblem(error) === 'timeout') return null;
    throw error;
  }
}

async function oldRows(
  keystone: OperatorPool,
  { table, cutoff, index }: { table: SweptTable; cutoff: string; index: string },
  limits: Limits,
): Promise<number | null> {
  try {
    const [row] = await keystone.read(z.object({ found: z.coerce.number() }), {
      sql: `SELECT COUNT(*) AS found FROM ${table} FORCE INDEX (${escapeId(index, true)}) WHERE ${ageOf[table]} < ?`,
      values: [cutoff],
      ...limits,
    });
    return row?.found ?? 0;
  } catch (error) {
    if (databaseProblem(error) === 'timeout') return null;
    throw error;
  }
}

interface Index {
  readonly name: string;
  readonly first: string;
}

async function indexesOf(keystone: OperatorPool, table: SweptTable): Promise<Index[]> {
  return keystone.read(z.object({ name: z.string(), first: z.string() }), {
    sql: `SELECT INDEX_NAME AS name, COLUMN_NAME AS first FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND SEQ_IN_INDEX = 1 ORDER BY INDEX_NAME`,
    values: [table],
  });
}

async function columnsOf(keystone: OperatorPool): Promise<string[]> {
  const rows = await keystone.read(z.object({ name: z.string() }), {
    sql: "SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'token'",
  });
  return rows.map(({ name }) => name);
}

function ageIndex(table: SweptTable, indexes: readonly Index[]): string | null {
  return indexes.find(({ first }) => first === ageOf[table])?.name ?? null;
}

/** `migrate_version` until 2023, then alembic's; null where neither can be read. */
async function schemaOf(keystone: OperatorPool): Promise<TokenSurvey['schema']> {
  const alembic = await rowsOr(keystone, 'SELECT 1 AS version FROM alembic_version LIMIT 1');
  if (alembic.length > 0) return 'alembic';
  const [old] = await rowsOr(keystone, "SELECT version FROM migrate_version WHERE repository_id = 'keystone'");
  return old?.version ?? null;
}

async function rowsOr(keystone: OperatorPool, sql: string): Promise<{ version: number }[]> {
  try {
    return await keystone.read(z.object({ version: z.coerce.number() }), { sql });
  } catch (error) {
    const problem = databaseProblem(error);
    if (problem === 'missing' || problem === 'denied') return [];
    throw error;
  }
}
