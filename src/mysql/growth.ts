import { z } from 'zod';
import type { GrowthCount } from '../openstack/cloud.ts';
import { keystoneOf, naiveUtc } from './keystone-db.ts';
import type { Cell } from './nova-cell.ts';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool, Statement } from './operator-pool.ts';

export interface GrowthParts {
  readonly cloud: string;
  readonly keystone: OperatorPool | null;
  readonly cells: readonly Cell[];
  /** Cells that Nova has and no DSN is configured for. */
  cellsWithoutDsn(): Promise<string[]>;
  readonly now: () => Date;
}

export interface GrowthLimits {
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

/** What grows where tokens are no rows. Small or indexed tables are counted; of the big ones the server's estimate is told. */
export async function countGrowth(parts: GrowthParts, limits: GrowthLimits): Promise<GrowthCount[]> {
  const keystone = keystoneOf(parts);
  const now = parts.now();
  const counts: GrowthCount[] = [];
  for (const question of keystoneQuestions(now)) counts.push(await ask(keystone, 'keystone', question, limits));
  // One cell at a time: counting must not be felt by anyone else.
  for (const cell of parts.cells) counts.push(...(await cellGrowth(cell, limits)));
  return [...counts, ...(await unseenCells(parts))];
}

interface Question {
  readonly table: string;
  readonly what: string;
  readonly where: string;
  readonly values: readonly (string | number)[];
}

function keystoneQuestions(now: Date): Question[] {
  return [
    { table: 'revocation_event', what: 'revocations', where: '1 = 1', values: [] },
    { table: 'trust', what: 'expired', where: 'deleted_at IS NULL AND expires_at < ?', values: [naiveUtc(now)] },
    { table: 'trust', what: 'soft-deleted', where: 'deleted_at IS NOT NULL', values: [] },
    // Keystone keeps this moment as microseconds since 1970.
    { table: 'application_credential', what: 'expired', where: 'expires_at < ?', values: [now.getTime() * 1000] },
  ];
}

async function cellGrowth(cell: Cell, limits: GrowthLimits): Promise<GrowthCount[]> {
  const name = `cell ${cell.uuid}`;
  const deleted = await ask(
    cell.pool,
    name,
    { table: 'instances', what: 'deleted', where: 'deleted <> 0', values: [] },
    limits,
  );
  return [deleted, ...(await bigTables(cell.pool, name, limits))];
}

const noDsn = 'no DSN: vigie.cells in clouds.yaml';

async function unseenCells({ cells, cellsWithoutDsn }: GrowthParts): Promise<GrowthCount[]> {
  const unseen = { table: 'instances', what: 'deleted', rows: null };
  const answer = await told(cellsWithoutDsn);
  if ('why' in answer) return [{ ...unseen, database: 'other cells', why: answer.why }];
  const lacking = answer.rows.map((cell) => ({ ...unseen, database: `cell ${cell}`, why: noDsn }));
  return cells.length + lacking.length > 0 ? lacking : [{ ...unseen, database: 'nova', why: noDsn }];
}

async function ask(
  pool: OperatorPool,
  database: string,
  question: Question,
  limits: GrowthLimits,
): Promise<GrowthCount> {
  const statement: Statement = {
    sql: `SELECT COUNT(*) AS found FROM \`${question.table}\` WHERE ${question.where}`,
    values: question.values,
    ...limits,
  };
  const { table, what } = question;
  const answer = await told(() => pool.read(z.object({ found: z.coerce.number() }), statement));
  if ('why' in answer) return { database, table, what, rows: null, why: answer.why };
  return { database, table, what, rows: answer.rows[0]?.found ?? 0, why: null };
}

const EstimateRow = z.object({ name: z.string(), estimate: z.coerce.number().nullable() });

/** Tables that keep what was deleted, and their shadows. */
async function bigTables(pool: OperatorPool, database: string, limits: GrowthLimits): Promise<GrowthCount[]> {
  const what = 'rows, estimated';
  const answer = await told(() =>
    pool.read(EstimateRow, {
      sql: `SELECT TABLE_NAME AS name, TABLE_ROWS AS estimate FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = DATABASE() AND (TABLE_NAME LIKE 'shadow\\\\_%' OR TABLE_NAME IN (${keepers.map(() => '?').join(', ')}))
        ORDER BY TABLE_NAME`,
      values: keepers,
      ...limits,
    }),
  );
  if ('why' in answer) return [{ database, table: 'shadow tables', what, rows: null, why: answer.why }];
  const { rows } = answer;
  const unseen = [...keepers, ...shadows].filter((table) => rows.every(({ name }) => name !== table));
  const counts: GrowthCount[] = rows
    .filter(({ estimate }) => (estimate ?? 0) > 0)
    .map(({ name, estimate }) => ({ database, table: name, what, rows: estimate, why: null }));
  for (const table of unseen) {
    const why = await whyUnseen(pool, table, limits);
    if (why !== null) counts.push({ database, table, what, rows: null, why });
  }
  return counts;
}

/** information_schema is silent on what an account may not see; null where the release has no such table. */
async function whyUnseen(pool: OperatorPool, table: string, limits: GrowthLimits): Promise<string | null> {
  try {
    await pool.raw({ sql: `SELECT 1 FROM \`${table}\` LIMIT 0`, ...limits });
    return null;
  } catch (error) {
    if (databaseProblem(error) === 'missing') return null;
    return whyOf(error);
  }
}

const keepers = [
  'instance_actions',
  'instance_actions_events',
  'instance_faults',
  'instance_system_metadata',
  'migrations',
  'task_log',
];
/** Of all shadow tables those that grow largest. */
const shadows = ['instances', ...keepers].map((table) => `shadow_${table}`);

async function told<T>(work: () => Promise<T[]>): Promise<{ rows: T[] } | { why: string }> {
  try {
    return { rows: await work() };
  } catch (error) {
    return { why: whyOf(error) };
  }
}

function whyOf(error: unknown): string {
  if (error instanceof Error && databaseProblem(error) !== null) return error.message;
  throw error;
}
