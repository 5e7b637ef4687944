import { z } from 'zod';
import { UserError } from '../chat/user-error.ts';
import type { Runbook } from '../runbooks/runbook.ts';
import type { Values } from '../runbooks/values.ts';
import { galeraOf } from './brakes.ts';
import { cellOfServer, type NovaDatabases } from './nova-db.ts';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool, Statement } from './operator-pool.ts';

export interface RunbookDatabases {
  readonly nova: NovaDatabases;
  readonly keystone: OperatorPool | null;
}

/** One of the operators' databases; `cell` where it is a cell's. */
export interface Spot {
  readonly pool: OperatorPool;
  readonly cell: string | null;
}

/** Which database a runbook is for here: of several cells the one its server lies in, or the one that is named. */
export async function spotOf(
  { nova, keystone }: RunbookDatabases,
  { head }: Runbook,
  { values, cell }: { values: Values; cell: string | null },
): Promise<Spot> {
  if (head.database !== 'cell' && cell !== null) throw new UserError(`${head.name} is not of a cell: leave --cell out`);
  if (head.database === 'nova_api') return only(nova.api, `nova_api of ${nova.cloud}`, 'nova_api');
  if (head.database === 'keystone') return only(keystone, `keystone's database of ${nova.cloud}`, 'keystone');
  const [server] = Object.entries(head.parameters).find(([, { type }]) => type === 'server') ?? [];
  const id = server === undefined ? null : (values[server] ?? null);
  if (id === null) return namedCell(nova, cell);
  const found = await cellOfServer(nova, id);
  if (found === null) throw new UserError(`Nova on ${nova.cloud} has server ${id} in no cell`);
  if (cell !== null && cell !== found.uuid)
    throw new UserError(`server ${id} lies in cell ${found.uuid}: leave --cell out`);
  return { pool: found.pool, cell: found.uuid };
}

/** The same place again, for what was done there. */
export function spotAgain(
  { nova, keystone }: RunbookDatabases,
  { database, cell }: { database: 'cell' | 'nova_api' | 'keystone'; cell: string | null },
): Spot {
  if (database === 'nova_api') return only(nova.api, `nova_api of ${nova.cloud}`, 'nova_api');
  if (database === 'keystone') return only(keystone, `keystone's database of ${nova.cloud}`, 'keystone');
  return namedCell(nova, cell);
}

function only(pool: OperatorPool | null, label: string, key: string): Spot {
  if (pool === null)
    throw new UserError(
      `no DSN for ${label}: add vigie.${key} in clouds.yaml, or vigie.runbooks.${key} where runbooks have accounts of their own`,
    );
  return { pool, cell: null };
}

function namedCell({ cells, cloud }: NovaDatabases, uuid: string | null): Spot {
  const all = [...cells.values()];
  const [first] = all;
  if (first === undefined)
    throw new UserError(
      `no DSN for any cell of ${cloud}: add them under vigie.cells in clouds.yaml, or vigie.runbooks.cells where runbooks have accounts of their own`,
    );
  const found = uuid === null ? (all.length === 1 ? first : undefined) : cells.get(uuid);
  if (found !== undefined) return { pool: found.pool, cell: found.uuid };
  const known = all.map((cell) => cell.uuid).join(', ');
  if (uuid === null) throw new UserError(`${cloud} has several cells: say which with --cell (${known})`);
  throw new UserError(`no DSN for cell ${uuid} of ${cloud}: it has ${known}`);
}

/** A node that fell out of its cluster, or that another one is made from, is no place to change rows by hand. */
export async function mustBeSynced({ pool }: Spot): Promise<void> {
  const galera = await galeraOf(pool);
  if (galera === null || galera.state === 'Synced') return;
  throw new UserError(`${pool.label} is a Galera node that is ${galera.state}, not Synced: nothing is changed there`);
}

/** Refuses a schema that the runbook was not written for; how messages call the one that is there. */
export async function mustFit({ pool }: Spot, { head }: Runbook): Promise<string> {
  const found = await schemaOf(pool);
  const { words, migrate_version: numbers, alembic_version: revisions = [] } = head.releases;
  const refused = (is: string) =>
    new UserError(`${head.name} is for ${words}, and the schema of ${pool.label} is ${is}: nothing is done`);
  if (found.alembic !== null) {
    const is = `alembic ${found.alembic}`;
    if (revisions.includes(found.alembic)) return is;
    throw refused(is);
  }
  if (found.migrate === null)
    throw new UserError(
      `${pool.label} does not tell its release: grant SELECT on alembic_version, or on migrate_version where there is none`,
    );
  const is = `migrate ${found.migrate}`;
  if (numbers !== undefined && found.migrate >= numbers[0] && found.migrate <= numbers[1]) return is;
  throw refused(is);
}

/** Releases that had both tables count by the newer. */
async function schemaOf(pool: OperatorPool): Promise<{ alembic: string | null; migrate: number | null }> {
  const [alembic] = await ifReadable(pool, z.object({ revision: z.string() }), {
    sql: 'SELECT version_num AS revision FROM alembic_version',
  });
  const [migrate] = await ifReadable(pool, z.object({ number: z.coerce.number() }), {
    sql: 'SELECT version AS number FROM migrate_version ORDER BY version DESC',
  });
  return { alembic: alembic?.revision ?? null, migrate: migrate?.number ?? null };
}

async function ifReadable<S extends z.ZodType>(
  pool: OperatorPool,
  row: S,
  statement: Statement,
): Promise<z.output<S>[]> {
  try {
    return await pool.read(row, statement);
  } catch (error) {
    const problem = databaseProblem(error);
    if (problem === 'missing' || problem === 'denied') return [];
    throw error;
  }
}
