import { createHash } from 'node:crypto';
import { escapeId } from 'mysql2';
import { z } from 'zod';
import { UserError } from '../chat/user-error.ts';
import { isSecret } from '../runbooks/head.ts';
import { now } from '../runbooks/rules.ts';
import type { Runbook } from '../runbooks/runbook.ts';
import { bound, type Piece } from '../runbooks/statement.ts';
import type { Values } from '../runbooks/values.ts';
import { seesForeignKeys } from './grants.ts';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool, RawRow, Session, Statement } from './operator-pool.ts';

/** What one run of a runbook reads and writes, its parameters bound. */
export interface Edit {
  readonly runbook: Runbook;
  /** With the moment as `now`. */
  readonly values: Values;
  /** Of a row's image: for an update what preview shows, for a delete the whole row. */
  readonly columns: readonly string[];
  readonly hidden: ReadonlySet<string>;
}

/** A row as it is, and what the change would make of the columns it sets. */
export interface Image {
  readonly key: Buffer;
  readonly before: RawRow;
  readonly after: ReadonlyMap<string, Buffer | null | 'now'>;
  readonly hash: string;
}

/** What is known of the table before anything is read of it: what could not be undone is refused. */
export async function editOf(pool: OperatorPool, runbook: Runbook, values: Values): Promise<Edit> {
  const { head, preview, change } = runbook;
  const found = await pool.read(z.object({ name: z.string(), extra: z.string(), type: z.string() }), {
    sql: 'SELECT COLUMN_NAME AS name, EXTRA AS extra, DATA_TYPE AS type FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
    values: [change.table],
  });
  if (found.length === 0)
    throw new UserError(`${pool.label} shows this account no table ${change.table}: docs/runbooks.md has the grants`);
  await mustIdentify(pool, runbook);
  if (change.kind === 'delete') await mustSeeAll(pool, runbook);
  if (change.kind === 'delete') await mustNotCascade(pool, runbook);
  const names = found.map(({ name }) => name);
  mustBeSpelled(runbook, names);
  const own = found.filter(({ extra }) => !/^(virtual|stored|persistent)\b/i.test(extra)).map(({ name }) => name);
  const columns = change.kind === 'delete' ? own : preview.columns;
  const set = setBy(runbook);
  const moving = found.find(({ name, extra }) => /on update/i.test(extra) && !set.includes(name));
  if (change.kind === 'update' && moving !== undefined)
    throw new UserError(`${change.table}.${moving.name} changes by itself: ${head.name} must set it`);
  const rough = found.find(({ name, type }) => type === 'float' && columns.includes(name));
  if (rough !== undefined)
    throw new UserError(
      `${change.table}.${rough.name} is a FLOAT, which cannot be put back exactly: ${head.name} is refused`,
    );
  const hide = new Set(head.hide.map((name) => name.toLowerCase()));
  return {
    runbook,
    values,
    columns,
    hidden: new Set(names.filter((name) => isSecret(change.table, name) || hide.has(name.toLowerCase()))),
  };
}

/** The columns that the change writes of each row it leaves there. */
export function setBy({ change }: Runbook): string[] {
  return change.kind === 'update' ? change.set.map(({ column }) => column) : [];
}

/** MySQL takes any spelling; what is shown and hidden goes by the table's own. */
function mustBeSpelled({ head, preview }: Runbook, names: readonly string[]): void {
  for (const column of preview.columns) {
    const name = names.find((one) => one.toLowerCase() === column.toLowerCase());
    if (name !== undefined && name !== column)
      throw new UserError(`${head.name} says ${column}, and ${preview.table} calls it ${name}: spell it so`);
  }
}

async function mustIdentify(pool: OperatorPool, { head, change }: Runbook): Promise<void> {
  const keys = await pool.read(z.object({ name: z.string() }), {
    sql: `SELECT MAX(COLUMN_NAME) AS name FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0 GROUP BY INDEX_NAME HAVING COUNT(*) = 1`,
    values: [change.table],
  });
  if (keys.some(({ name }) => name === head.key)) return;
  throw new UserError(
    `${change.table}.${head.key} does not identify a row in ${pool.label}: ${head.name} needs another key`,
  );
}

/** An account with some columns is shown those and no word of the others: a row that is deleted must be kept whole. */
async function mustSeeAll(pool: OperatorPool, { head, change }: Runbook): Promise<void> {
  try {
    await pool.raw({ sql: `SELECT * FROM ${id(change.table)} WHERE 1 = 0` });
  } catch (error) {
    if (databaseProblem(error) !== 'denied') throw error;
    throw new UserError(
      `${head.name} deletes, so it needs SELECT on the whole table ${change.table} in ${pool.label}: else undo would lose columns`,
    );
  }
}

/** What goes along by a foreign key is in no row image. An account that may not see all of them deletes nothing. */
async function mustNotCascade(pool: OperatorPool, { head, change }: Runbook): Promise<void> {
  const [other] = await pool.read(z.object({ name: z.string() }), {
    sql: `SELECT TABLE_NAME AS name FROM information_schema.REFERENTIAL_CONSTRAINTS
      WHERE UNIQUE_CONSTRAINT_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME = ? AND DELETE_RULE IN ('CASCADE', 'SET NULL')`,
    values: [change.table],
  });
  if (other !== undefined)
    throw new UserError(
      `deleting from ${change.table} would change ${other.name}, too, and could not be undone: ${head.name} is refused`,
    );
  const [here] = await pool.read(z.object({ name: z.string() }), { sql: 'SELECT DATABASE() AS name' });
  if (here !== undefined && (await seesForeignKeys(pool, here.name))) return;
  throw new UserError(
    `${head.name} deletes, so its account must see which rows of other tables would go along: grant REFERENCES on ${here?.name}.*, which lets it read nothing`,
  );
}

/** The rows the preview finds, one more than it may change where there are too many. */
export function selection(edit: Edit, how: 'look' | 'lock'): Statement {
  const { head, preview, change } = edit.runbook;
  const set = change.kind === 'update' ? change.set.map(({ value }) => value) : [];
  const shown = [head.key, ...edit.columns].map((column) => id(column));
  const sql = `SELECT ${[...shown, ...set.map((value) => `(${value.sql})`)].join(', ')} FROM ${id(preview.table)}
    WHERE (${preview.where.sql}) ORDER BY ${id(head.key)} LIMIT ${head.rows.max + 1}${how === 'lock' ? ' FOR UPDATE' : ''}`;
  return { sql, values: [...set, preview.where].flatMap((piece) => bound(piece, edit.values)) };
}

export function imagesOf(edit: Edit, rows: readonly RawRow[]): Image[] {
  const { change } = edit.runbook;
  return rows.map(([key, ...cells]) => {
    if (!key)
      throw new UserError(`a row of ${change.table} has no ${edit.runbook.head.key}: it cannot be told from others`);
    const before = cells.slice(0, edit.columns.length);
    const values = cells.slice(edit.columns.length);
    const set = change.kind === 'update' ? change.set : [];
    const after = new Map(
      set.map(({ column, value }, index) => [column, isMoment(value) ? ('now' as const) : (values[index] ?? null)]),
    );
    return { key, before, after, hash: hashOf(edit, before, [...after.values()]) };
  });
}

function isMoment({ parameters }: Piece): boolean {
  return parameters.includes(now);
}

/** Half a SHA-256 is enough to tell rows apart, and a plan may have hundreds. */
function hashOf({ columns }: Edit, before: RawRow, after: readonly (Buffer | null | 'now')[]): string {
  const cells = [...before, ...after].map((cell) =>
    typeof cell === 'string' ? [cell] : (cell?.toString('base64') ?? null),
  );
  return createHash('sha256')
    .update(JSON.stringify([columns, cells]))
    .digest('hex')
    .slice(0, 32);
}

/** The change itself, and only of these rows. */
export function changing({ runbook, values }: Edit, keys: readonly Buffer[]): Statement {
  const { head, change } = runbook;
  const rest = `WHERE (${change.where.sql}) AND ${id(head.key)} IN (?)`;
  const bounds = [...bound(change.where, values), keys.map(String)];
  if (change.kind === 'delete') return { sql: `DELETE FROM ${id(change.table)} ${rest}`, values: bounds };
  const set = change.set.map(({ column, value }) => `${id(column)} = ${value.sql}`).join(', ');
  const setValues = change.set.flatMap(({ value }) => bound(value, values));
  return { sql: `UPDATE ${id(change.table)} SET ${set} ${rest}`, values: [...setValues, ...bounds] };
}

export interface Rows {
  readonly table: string;
  readonly key: string;
  readonly columns: readonly string[];
}

/** These rows by their key, in its order, whatever is in them now. */
export function byKey({ table, key, columns }: Rows, keys: readonly Buffer[], how: 'look' | 'lock'): Statement {
  const shown = [key, ...columns].map((column) => id(column)).join(', ');
  const lock = how === 'lock' ? ' FOR UPDATE' : '';
  return {
    sql: `SELECT ${shown} FROM ${id(table)} WHERE ${id(key)} IN (?) ORDER BY ${id(key)}${lock}`,
    values: [keys.map(String)],
  };
}

/** Null where every check of the runbook holds, else why nothing may be done. */
export async function inTheWay({ runbook, values }: Edit, { raw }: Pick<Session, 'raw'>): Promise<string | null> {
  for (const { kind, said, select } of runbook.checks) {
    const [row] = await raw({ sql: `SELECT EXISTS (${select.sql})`, values: bound(select, values) });
    if ((row?.[0]?.toString() === '1') !== (kind === 'some')) return said;
  }
  return null;
}

export function same(a: RawRow, b: RawRow): boolean {
  return a.length === b.length && a.every((cell, index) => sameCell(cell, b[index] ?? null));
}

export function sameCell(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

export function id(name: string): string {
  return escapeId(name, true);
}
