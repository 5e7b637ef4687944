import { z } from 'zod';
import type { Place } from '../archive/place.ts';
import { firstHead, openFrames, statementsOf } from '../archive/reader.ts';
import type { Restored, SweptTable } from '../openstack/cloud.ts';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool } from './operator-pool.ts';

/** The tables of the scratch database, and how many rows of an archive it holds: one archive has one table. */
export async function scratchTables(scratch: OperatorPool): Promise<{ label: string; tables: string[]; rows: number }> {
  const found = await scratch.read(z.object({ name: z.string() }), {
    sql: 'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME',
  });
  const tables = found.map(({ name }) => name);
  const [archived] = swept.filter((table) => tables.includes(table));
  return { label: scratch.label, tables, rows: archived === undefined ? 0 : await rowsOf(scratch, archived) };
}

const swept: readonly SweptTable[] = ['token', 'revocation_event'];

async function rowsOf(scratch: OperatorPool, table: SweptTable): Promise<number> {
  try {
    const sql = `SELECT COUNT(*) AS found FROM ${table}`;
    const [row] = await scratch.read(z.object({ found: z.coerce.number() }), { sql, limitMs: 120_000 });
    return row?.found ?? 0;
  } catch (error) {
    if (databaseProblem(error) === 'missing') return 0;
    throw error;
  }
}

/**
 * One frame after the other. A seal proves that the statements are as they were written; in clear, whoever may write the
 * file may write its SHA-256, too.
 */
export async function* restoreInto(
  scratch: OperatorPool,
  { place, path, from }: { place: Place; path: string; from: number },
): AsyncGenerator<Restored> {
  const key = place.openWith((await firstHead(path))?.keyId ?? null);
  for await (const frame of openFrames(path, key)) {
    if (frame.head.number > 0 && frame.head.number < from) continue;
    // Every session of ours is UTC, UTF-8 and escapes with backslashes: the SETs are for other programs.
    for (const sql of statementsOf(frame)) {
      if (sql.startsWith('SET ')) continue;
      await scratch.raw({ sql: sql.trimEnd().replace(/;$/, ''), limitMs: 60_000 });
    }
    yield { frames: frame.head.number + 1, rows: frame.head.rows };
  }
}
