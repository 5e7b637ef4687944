import type { UndoRecord } from '../archive/undo-file.ts';
import { UserError } from '../chat/user-error.ts';
import type { RequestLimits } from '../openstack/cloud.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { isLost } from './operator-errors.ts';
import type { OperatorPool, RawRow, Session, Statement } from './operator-pool.ts';
import { standingOf } from './runbook-edit.ts';
import { byKey, id, same, sameCell } from './runbook-rows.ts';

/** One row of an undo file beside what the table has now. */
export interface Standing {
  readonly key: Buffer;
  /** With the key in front, as the file has them; null: no such row. */
  readonly before: RawRow;
  readonly after: RawRow | null;
  readonly now: RawRow | null;
  readonly state: 'ours' | 'as before' | 'changed';
}

/** How each row stands: as the job left it, as it was before, or changed by somebody else since. */
export async function standings(
  record: UndoRecord,
  { raw }: Pick<Session, 'raw'>,
  how: 'look' | 'lock' = 'look',
): Promise<Standing[]> {
  const after = new Map(record.after.map((row) => [String(row[0]), row]));
  const keys = record.before.map(keyOf);
  const now = new Map((await raw(byKey(record, keys, how))).map((row) => [String(row[0]), row]));
  return record.before.map((before) => {
    const key = keyOf(before);
    const row = { key, before, after: after.get(String(key)) ?? null, now: now.get(String(key)) ?? null };
    return { ...row, state: stateOf(row) };
  });
}

/** Every row as it was before, or nothing: in one transaction, read back in it before it is committed. */
export async function restoreRows(
  pool: OperatorPool,
  record: UndoRecord,
  limits: RequestLimits,
): Promise<number | 'unclear'> {
  let restored: number | null = null;
  const trouble = await pool
    .transaction(async (session) => {
      restored = await inOne(record, session, limits);
    })
    .then(
      () => null,
      (error: unknown) => error,
    );
  if (trouble !== null && !(isLost(trouble) && restored !== null)) throw trouble;
  if ((await standingOf(pool, record)) === 'before') return restored ?? 0;
  if (trouble instanceof OpenStackError) throw trouble;
  return 'unclear';
}

async function inOne(record: UndoRecord, session: Session, { notAfter }: RequestLimits): Promise<number> {
  const rows = await standings(record, session, 'lock');
  const changed = rows.find(({ state }) => state === 'changed');
  if (changed !== undefined) throw new UserError(conflict(record, changed));
  const ours = rows.filter(({ state }) => state === 'ours');
  if (performance.now() > notAfter) throw new UserError('it could not leave in time: nothing was undone, say it again');
  for (const row of ours) {
    const matched = await session.write(restoring(record, row));
    if (matched !== 1) throw new UserError(`${rowWords(record, row.key)} could not be restored: nothing was undone`);
  }
  const back = await standings(record, session);
  if (back.every(({ now, before }) => now !== null && same(now, before))) return ours.length;
  throw new UserError(`${record.table} would not have been exactly as before: nothing was undone`);
}

/** What somebody else did to a row since, as far as it may be shown. */
function conflict(record: UndoRecord, { key, after, now }: Standing): string {
  const row = rowWords(record, key);
  if (now === null) return `${row} is gone since: nothing was undone`;
  if (after === null) return `there is a row ${row} again, another one: nothing was undone`;
  const columns = record.columns.filter((_, index) => !sameCell(now[index + 1] ?? null, after[index + 1] ?? null));
  return `${row} was changed by somebody else since (${columns.join(', ')}): nothing was undone`;
}

function rowWords({ table, key, hidden }: UndoRecord, value: Buffer): string {
  return hidden.includes(key) ? `a row of ${table}` : `${table} ${value}`;
}

function stateOf({ before, after, now }: Omit<Standing, 'state' | 'key'>): Standing['state'] {
  if (now === null) return after === null ? 'ours' : 'changed';
  if (same(now, before)) return 'as before';
  return after !== null && same(now, after) ? 'ours' : 'changed';
}

/** Only what the job wrote or changed is written; what it deleted is written whole. */
function restoring({ table, key, columns, set }: UndoRecord, { before, after, key: value }: Standing): Statement {
  const cells = columns.map((column, index) => ({
    column,
    is: after?.[index + 1] ?? null,
    was: before[index + 1] ?? null,
  }));
  const changed =
    after === null ? cells : cells.filter(({ column, is, was }) => set.includes(column) || !sameCell(is, was));
  const names = changed.map(({ column }) => id(column));
  const values = changed.map(({ was }) => textOf(was));
  if (after === null)
    return {
      sql: `INSERT INTO ${id(table)} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      values,
    };
  return {
    sql: `UPDATE ${id(table)} SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE ${id(key)} = ?`,
    values: [...values, textOf(value)],
  };
}

/** Text goes as text, which the server converts to its column's character set; bytes that are none go as they are. */
function textOf(cell: Buffer | null): string | Buffer | null {
  if (cell === null) return null;
  const text = cell.toString('utf8');
  return Buffer.from(text).equals(cell) ? text : cell;
}

function keyOf(row: RawRow): Buffer {
  return row[0] ?? Buffer.alloc(0);
}
