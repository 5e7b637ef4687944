import { escapeId } from 'mysql2';
import { z } from 'zod';
import type { TokenSurvey } from '../openstack/cloud.ts';
import { galeraOf } from './brakes.ts';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool } from './operator-pool.ts';

interface Limits {
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

export async function surveyTokens(
  keystone: OperatorPool,
  { cutoff, replicas }: { cutoff: string; replicas: number },
  limits: Limits,
): Promise<TokenSurvey> {
  const indexes = await indexesOf(keystone);
  const expiresIndex = indexes.find(({ first }) => first === 'expires')?.name ?? null;
  const [version] = await keystone.read(z.object({ version: z.string() }), { sql: 'SELECT VERSION() AS version' });
  return {
    expired: expiresIndex === null ? null : await expiredRows(keystone, { cutoff, index: expiresIndex }, limits),
    expiresIndex,
    schema: await schemaOf(keystone),
    indexNames: indexes.map(({ name }) => name),
    galera: await galeraOf(keystone),
    replicas,
    server: version?.version ?? 'unknown',
  };
}

/** Instant with an index on `expires`; without one it reads what is left of the table. */
export async function expiredLeft(keystone: OperatorPool, cutoff: string, limitMs: number): Promise<boolean | null> {
  const index = (await indexesOf(keystone)).find(({ first }) => first === 'expires');
  const hint = index === undefined ? '' : `FORCE INDEX (${escapeId(index.name, true)})`;
  try {
    const rows = await keystone.raw({
      sql: `SELECT 1 FROM token ${hint} WHERE expires < ? LIMIT 1`,
      values: [cutoff],
      limitMs,
    });
    return rows.length > 0;
  } catch (error) {
    if (databaseProblem(error) === 'timeout') return null;
    throw error;
  }
}

async function expiredRows(
  keystone: OperatorPool,
  { cutoff, index }: { cutoff: string; index: string },
  limits: Limits,
): Promise<number | null> {
  try {
    const [row] = await keystone.read(z.object({ found: z.coerce.number() }), {
      sql: `SELECT COUNT(*) AS found FROM token FORCE INDEX (${escapeId(index, true)}) WHERE expires < ?`,
      values: [cutoff],
      ...limits,
    });
    return row?.found ?? 0;
  } catch (error) {
    if (databaseProblem(error) === 'timeout') return null;
    throw error;
  }
}

async function indexesOf(keystone: OperatorPool): Promise<{ name: string; first: string }[]> {
  return keystone.read(z.object({ name: z.string(), first: z.string() }), {
    sql: `SELECT INDEX_NAME AS name, COLUMN_NAME AS first FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'token' AND SEQ_IN_INDEX = 1 ORDER BY INDEX_NAME`,
  });
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
