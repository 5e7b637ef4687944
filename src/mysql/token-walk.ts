import { escapeId } from 'mysql2';
import type { Inserts } from '../archive/sql.ts';
import type { SweptTable } from '../openstack/cloud.ts';
import type { OperatorPool, Statement } from './operator-pool.ts';
import type { Pace } from './pace.ts';
import { between, boundAfter, openBounds, type Stretch } from './token-keys.ts';

/** The column that says how old a row is. */
export const ageOf: Readonly<Record<SweptTable, string>> = { token: 'expires', revocation_event: 'revoked_at' };

/** Some rows of the table that are older than the cut-off, and where the walk stands before and after them. */
export interface Chunk extends Stretch {
  /** Null in a walk along the key that does not read the rows. */
  readonly ids: readonly string[] | null;
  /** The same rows whole; null where nobody archives them. */
  readonly kept: Kept | null;
}

interface Kept {
  readonly rows: number;
  /** The oldest and the youngest of them. */
  readonly first: string;
  readonly last: string;
  readonly inserts: Inserts;
}

/** How rows are kept that are read to be archived. */
export interface Keeping {
  /** Of the whole row: `id`, its age, then the others. */
  readonly columns: readonly string[];
  inserts(): Inserts;
}

export interface WalkOrder {
  readonly table: SweptTable;
  readonly cutoff: string;
  /** Where an earlier walk stood; empty at the beginning. */
  readonly from: string;
  /** Null where nobody archives. */
  readonly keeping: Keeping | null;
}

/**
 * Along the primary key of `token`, so many rows of any kind at a time: each page of the table is touched once, in order. A place is
 * the beginning of an id, as short as it may be, for an id may be a bearer's secret and a place is written down.
 */
export async function* walkKey(pool: OperatorPool, order: WalkOrder, pace: Pace): AsyncGenerator<Chunk> {
  const near = openBounds(pool);
  for (let from = order.from; ; ) {
    // What is read must fit the memory, so those rows are counted.
    const to = await (order.keeping === null ? near(from, pace.chunk()) : boundAfter(pool, from, pace.chunk()));
    const read = order.keeping === null ? nothing : await readBetween(pool, { ...order, from, to });
    pace.weigh(read.ids?.length ?? 0, read.bytes);
    yield { from, to, ids: read.ids, kept: read.kept };
    if (to === '') return;
    from = to;
  }
}

/**
 * Along an index on the rows' age, oldest first: for when few rows of a large table are old. What is yielded must be
 * deleted before the next is asked for. Every row is read where it is archived, else only its id.
 */
export async function* walkAge(
  pool: OperatorPool,
  { index, ...order }: WalkOrder & { index: string },
  pace: Pace,
): AsyncGenerator<Chunk> {
  const { table, cutoff } = order;
  const [age, key] = [ageOf[table], escapeId(index, true)];
  for (let from = order.from === '' ? '1000-01-01 00:00:00' : order.from; ; ) {
    const where = `FORCE INDEX (${key}) WHERE ${age} < ? AND ${age} >= ? ORDER BY ${age} LIMIT ${pace.chunk()}`;
    const { ids, kept, bytes, last } = await read(pool, order, { where, values: [cutoff, from] });
    if (ids.length === 0) return;
    pace.weigh(ids.length, bytes);
    yield { from, to: last, ids, kept };
    from = last;
  }
}

interface Read {
  readonly ids: readonly string[];
  readonly kept: Kept | null;
  readonly bytes: number;
  readonly last: string;
}

const nothing: Omit<Read, 'ids' | 'last'> & { ids: null } = { ids: null, kept: null, bytes: 0 };

function readBetween(pool: OperatorPool, order: WalkOrder & Stretch): Promise<Read> {
  const { where, values } = between(order);
  const sql = `FORCE INDEX (PRIMARY) WHERE ${where} AND ${ageOf[order.table]} < ? ORDER BY id`;
  return read(pool, order, { where: sql, values: [...values, order.cutoff] });
}

/** Each row is written down as it comes and then forgotten: some thousands of them would not fit a small worker. */
async function read(
  pool: OperatorPool,
  { table, keeping }: WalkOrder,
  { where, values }: { where: string; values: Statement['values'] & {} },
): Promise<Read> {
  const columns = keeping?.columns ?? ['id', ageOf[table]];
  const inserts = keeping?.inserts() ?? null;
  const ids: string[] = [];
  let [first, last] = ['', ''];
  const sql = `SELECT ${columns.map((column) => escapeId(column, true)).join(', ')} FROM ${table} ${where}`;
  await pool.each({ sql, values }, columns.length, (row) => {
    const moment = row[1]?.toString() ?? '';
    ids.push(row[0]?.toString() ?? '');
    if (first === '' || moment < first) first = moment;
    if (moment > last) last = moment;
    inserts?.add(row);
  });
  const kept = inserts === null ? null : { rows: ids.length, first, last, inserts };
  return { ids, kept, bytes: inserts?.bytes() ?? 0, last };
}
