import { z } from 'zod';
import type { InstanceRow, RequestLimits } from '../openstack/cloud.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { HostName, ServerId } from '../openstack/names.ts';
import { DatabaseError, isLost } from './operator-errors.ts';
import type { OperatorPool, Statement } from './operator-pool.ts';

/** One cell's nova database. */
export interface Cell {
  readonly uuid: string;
  readonly pool: OperatorPool;
}

/** The living row; null where this cell has none. */
export async function readInstance(
  cell: Cell,
  id: ServerId,
  how: 'pooled' | 'fresh' = 'pooled',
): Promise<InstanceRow | null> {
  const statement = { sql: `${await selection(cell)} AND uuid = ?`, values: [id] };
  const read = how === 'fresh' ? cell.pool.readFresh : cell.pool.read;
  const [row] = await read(Row, statement);
  return row === undefined ? null : instance(cell, row);
}

export async function readProtected(cell: Cell): Promise<InstanceRow[]> {
  const rows = await cell.pool.read(Row, { sql: `${await selection(cell)} AND disable_terminate = 1 ORDER BY uuid` });
  return rows.map((row) => instance(cell, row));
}

/**
 * Writes the flag of the one living row, `updated_at` untouched. A connection that broke at COMMIT says nothing about
 * what happened, so the row is read back in every case where something may have left; the row decides.
 */
export async function writeFlag(
  cell: Cell,
  id: ServerId,
  on: boolean,
  limits: RequestLimits & { cloud: string },
): Promise<InstanceRow> {
  const trouble = await attempt(cell, id, on, limits).then(
    () => null,
    (error: unknown) => error,
  );
  if (trouble !== null && !isLost(trouble)) throw trouble;
  const row = await readInstance(cell, id, 'fresh');
  if (row?.disableTerminate === on) return row;
  if (trouble !== null) throw trouble;
  throw broken(
    cell,
    row === null ? `lost the row of ${id} right after the write` : `still shows the old flag of ${id} after the write`,
  );
}

async function attempt(
  cell: Cell,
  id: ServerId,
  on: boolean,
  limits: RequestLimits & { cloud: string },
): Promise<void> {
  await cell.pool.transaction(async ({ read, write }) => {
    const found = await read(z.object({ disable_terminate: Flag }), {
      sql: 'SELECT disable_terminate FROM instances WHERE uuid = ? AND deleted = 0 FOR UPDATE',
      values: [id],
      signal: limits.signal,
    });
    if (found.length !== 1)
      throw broken(cell, `has ${found.length} living rows of server ${id}: exactly one is needed`);
    if (found[0]?.disable_terminate === on) return;
    if (performance.now() > limits.notAfter) throw tooLate(cell, limits.cloud);
    const update: Statement = {
      sql: 'UPDATE instances SET disable_terminate = ? WHERE uuid = ? AND deleted = 0',
      values: [on ? 1 : 0, id],
    };
    const matched = await write(update);
    if (matched !== 1) throw broken(cell, `would have changed ${matched} rows for server ${id}: nothing was changed`);
  });
}

/** Nullable in nova's schema; NULL is off. */
const Flag = z.union([z.number(), z.null()]).transform((value) => value !== null && value !== 0);

const Row = z.object({
  uuid: ServerId,
  host: z.union([HostName, z.null()]).catch(null),
  vm_state: z.string().nullable(),
  task_state: z.string().nullable(),
  disable_terminate: Flag,
  display_name: z.string().nullish(),
});

const needed = ['uuid', 'deleted', 'host', 'vm_state', 'task_state', 'disable_terminate'];
const welcome = ['display_name'];

/** Least privilege and old releases lack columns: those that are only welcome are asked for where they can be had. */
async function selection(cell: Cell): Promise<string> {
  const readable = await cell.pool.columns('instances');
  const missing = needed.filter((column) => !readable.has(column));
  if (missing.length > 0) {
    throw broken(
      cell,
      `shows this account no column ${missing.join(', ')} of table instances: grant SELECT on it, and check that the DSN names a cell's database`,
    );
  }
  const columns = [...needed, ...welcome.filter((column) => readable.has(column))];
  // A server that moves between cells has a row in both; the one not in use is hidden.
  const visible = readable.has('hidden') ? ' AND (hidden = 0 OR hidden IS NULL)' : '';
  return `SELECT ${columns.join(', ')} FROM instances WHERE deleted = 0${visible}`;
}

function instance(cell: Cell, row: z.output<typeof Row>): InstanceRow {
  return {
    id: row.uuid,
    name: row.display_name ?? null,
    host: row.host,
    cell: cell.uuid,
    vmState: row.vm_state,
    taskState: row.task_state,
    disableTerminate: row.disable_terminate,
  };
}

function broken(cell: Cell, words: string): DatabaseError {
  return new DatabaseError(`${cell.pool.label} ${words}`, { problem: 'broken', code: 'rows' });
}

function tooLate(cell: Cell, cloud: string): OpenStackError {
  return new OpenStackError({
    problem: 'not-sent',
    cloud,
    request: `write of disable_terminate in ${cell.pool.label}`,
    said: 'it could not leave in time; nothing was changed',
  });
}
