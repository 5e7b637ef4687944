import { escapeId } from 'mysql2';
import type { OperatorPool, RawRow } from './operator-pool.ts';
import type { Pace } from './pace.ts';

/** Some rows of the token table that expired before the cut-off, and where the walk stands before and after them. */
export interface Chunk {
  readonly from: string;
  /** Empty at the end of the table. */
  readonly to: string;
  /** Null where only their place is known, because nobody archives them. */
  readonly rows: readonly RawRow[] | null;
  /** Of the same rows; null in a walk along the key that does not read them. */
  readonly ids: readonly string[] | null;
}

export interface WalkOrder {
  readonly cutoff: string;
  /** Where an earlier walk stood; empty at the beginning. */
  readonly from: string;
  /** Of the whole row, `id` first, `expires` second; null where the rows are not read. */
  readonly columns: readonly string[] | null;
}

/**
 * Along the primary key, so many rows of any kind at a time: each page of the table is touched once, in order. A place is
 * the beginning of an id, as short as it may be, for an id may be a bearer's secret and a place is written down.
 */
export async function* walkKey(pool: OperatorPool, order: WalkOrder, pace: Pace): AsyncGenerator<Chunk> {
  for (let from = order.from; ; ) {
    const to = await boundAfter(pool, from, pace.rows());
    const rows = order.columns === null ? null : await rowsBetween(pool, order, { from, to });
    if (rows !== null) pace.weigh(rows);
    yield { from, to, rows, ids: rows === null ? null : rows.map(idOf) };
    if (to === '') return;
    from = to;
  }
}

/**
 * Along an index on `expires`, oldest first: for when few rows of a large table have expired. What is yielded must be
 * deleted before the next is asked for. Every row is read where the order has columns, else only its id.
 */
export async function* walkExpires(
  pool: OperatorPool,
  { index, ...order }: WalkOrder & { index: string },
  pace: Pace,
): AsyncGenerator<Chunk> {
  const columns = order.columns ?? ['id', 'expires'];
  for (let from = order.from === '' ? '1000-01-01 00:00:00' : order.from; ; ) {
    const rows = await pool.raw({
      sql: `SELECT ${columns.map((column) => escapeId(column, true)).join(', ')} FROM token FORCE INDEX (${escapeId(index, true)})
        WHERE expires < ? AND expires >= ? ORDER BY expires LIMIT ${pace.rows()}`,
      values: [order.cutoff, from],
    });
    if (rows.length === 0) return;
    const to = rows.at(-1)?.[1]?.toString() ?? from;
    pace.weigh(rows);
    yield { from, to, rows: order.columns === null ? null : rows, ids: rows.map(idOf) };
    from = to;
  }
}

const lengths = [8, 12, 16, 24, 32, 48, 64];

/** The beginning of the id so many rows behind `from`, long enough to lie behind it; empty where there are not so many. */
async function boundAfter(pool: OperatorPool, from: string, rows: number): Promise<string> {
  for (const length of lengths) {
    // As text: the pace changes the number of rows, and each statement that is prepared stays so in the server.
    const [row] = await pool.raw({
      sql: `SELECT LEFT(id, ${length}) AS bound, LEFT(id, ${length}) > ? AS beyond FROM token FORCE INDEX (PRIMARY)
        WHERE id >= ? ORDER BY id LIMIT 1 OFFSET ${rows}`,
      values: [from, from],
    });
    if (row === undefined) return '';
    if (row[1]?.toString() === '1') return row[0]?.toString() ?? '';
  }
  throw new Error('ids of the token table do not rise');
}

function rowsBetween(pool: OperatorPool, { cutoff, columns }: WalkOrder, place: Place): Promise<RawRow[]> {
  const { where, values } = between(place);
  return pool.raw({
    sql: `SELECT ${(columns ?? []).map((column) => escapeId(column, true)).join(', ')} FROM token FORCE INDEX (PRIMARY)
      WHERE ${where} AND expires < ? ORDER BY id`,
    values: [...values, cutoff],
  });
}

interface Place {
  readonly from: string;
  readonly to: string;
}

export function between({ from, to }: Place): { where: string; values: string[] } {
  if (to === '') return { where: 'id >= ?', values: [from] };
  return { where: 'id >= ? AND id < ?', values: [from, to] };
}

function idOf(row: RawRow): string {
  return row[0]?.toString() ?? '';
}
