import { escapeId } from 'mysql2';
import type { RequestLimits } from '../openstack/cloud.ts';
import { DatabaseError } from './operator-errors.ts';
import type { OperatorPool } from './operator-pool.ts';

/** Longer than any table of tokens needs. */
const limitMs = 6 * 3_600_000;

/**
 * Made while the table is read and written. The server waits a few seconds at most for whoever has it open: everybody
 * else would queue behind it. One that a worker before had asked for and that is there by now is as good.
 */
export async function createTokenIndex(
  keystone: OperatorPool,
  { name, columns }: { name: string; columns: readonly string[] },
  { signal }: RequestLimits,
): Promise<void> {
  const made = keystone.write({
    sql: `CREATE INDEX ${escapeId(name, true)} ON token (${columns.map((column) => escapeId(column, true)).join(', ')}) ALGORITHM=INPLACE LOCK=NONE`,
    limitMs,
    signal,
  });
  await made.catch((error: unknown) => {
    if (!(error instanceof DatabaseError) || error.facts.code !== 'ER_DUP_KEYNAME') throw error;
  });
}
