import { z } from 'zod';
import { UserError } from '../chat/user-error.ts';
import type { InstanceRow, RequestLimits } from '../openstack/cloud.ts';
import type { ServerId } from '../openstack/names.ts';
import { type Cell, readInstance, readProtected, writeFlag } from './nova-cell.ts';
import type { OperatorPool } from './operator-pool.ts';

export interface NovaDatabases {
  readonly cloud: string;
  /** Knows in which cell a server lives; null where its DSN is not configured: then every cell is asked. */
  readonly api: OperatorPool | null;
  readonly cells: ReadonlyMap<string, Cell>;
}

export async function findInstance(nova: NovaDatabases, id: ServerId): Promise<InstanceRow | null> {
  if (nova.api === null) return (await searchCells(nova, id))?.row ?? null;
  const mapping = await mappingOf(nova.api, id);
  if (mapping === null || mapping.cell === null) return null;
  return readInstance(cellOf(nova, mapping.cell), id);
}

const SpecRow = z.object({ spec: z.string() });
const Spec = z.object({ 'nova_object.data': z.object({ availability_zone: z.string().nullish() }) });

/** Undefined without nova_api, without a grant on request_specs, and on clouds older than it (before Mitaka). */
export async function requestedZone({ api }: NovaDatabases, id: ServerId): Promise<string | null | undefined> {
  const readable = await api?.columns('request_specs');
  if (!api || !readable?.has('spec') || !readable.has('instance_uuid')) return undefined;
  const sql = 'SELECT spec FROM request_specs WHERE instance_uuid = ?';
  const [row] = await api.read(SpecRow, { sql, values: [id] });
  const spec = row === undefined ? undefined : Spec.safeParse(JSON.parse(row.spec)).data;
  return spec === undefined ? undefined : (spec['nova_object.data'].availability_zone ?? null);
}

export async function protectedInstances(nova: NovaDatabases): Promise<InstanceRow[]> {
  const rows = await Promise.all([...configured(nova).values()].map((cell) => readProtected(cell)));
  return rows.flat();
}

/**
 * Cells that Nova has and we have no DSN of: what lies there is not seen. Unknown, so empty, without nova_api. Not
 * cell0: it holds only servers that never got a host.
 */
export async function cellsWithoutDsn(nova: NovaDatabases): Promise<string[]> {
  if (nova.api === null) return [];
  const rows = await nova.api.read(CellRow, { sql: 'SELECT uuid, name FROM cell_mappings ORDER BY id' });
  return rows
    .filter(({ uuid }) => uuid !== cell0 && !nova.cells.has(uuid))
    .map(({ uuid, name }) => (name ? `${uuid} (${name})` : uuid));
}

export async function setFlag(
  nova: NovaDatabases,
  id: ServerId,
  on: boolean,
  limits: RequestLimits,
): Promise<InstanceRow> {
  const cell = nova.api === null ? await cellBySearch(nova, id) : await cellByMapping(nova, nova.api, id);
  return writeFlag(cell, id, on, { ...limits, cloud: nova.cloud });
}

/**
 * The cell a server's row lies in, for who looks at it whatever state it is in: a server that is being deleted has one,
 * too. Null where Nova has placed it in none.
 */
export async function cellOfServer(nova: NovaDatabases, id: string): Promise<Cell | null> {
  const [only] = nova.cells.values();
  if (nova.api === null && only !== undefined && nova.cells.size === 1) return only;
  if (nova.api === null) {
    configured(nova);
    throw new UserError(
      `${nova.cloud} has several cells: add vigie.nova_api in clouds.yaml, which knows the right one`,
    );
  }
  const mapping = await mappingOf(nova.api, id);
  return mapping === null || mapping.cell === null ? null : cellOf(nova, mapping.cell);
}

const cell0 = '00000000-0000-0000-0000-000000000000';
const CellRow = z.object({ uuid: z.string(), name: z.string().nullable() });

const MappingRow = z.object({
  cell_id: z.number().nullable(),
  cell: z.string().nullable(),
  queued: z.number().nullable(),
});
type Mapping = z.output<typeof MappingRow>;

async function mappingOf(api: OperatorPool, id: string): Promise<Mapping | null> {
  // Clouds older than Pike have no such column.
  const queued = (await api.columns('instance_mappings')).has('queued_for_delete') ? 'm.queued_for_delete' : 'NULL';
  const [mapping] = await api.read(MappingRow, {
    sql: `SELECT m.cell_id, c.uuid AS cell, ${queued} AS queued
      FROM instance_mappings m LEFT JOIN cell_mappings c ON c.id = m.cell_id WHERE m.instance_uuid = ?`,
    values: [id],
  });
  return mapping ?? null;
}

async function cellByMapping(nova: NovaDatabases, api: OperatorPool, id: ServerId): Promise<Cell> {
  const mapping = await mappingOf(api, id);
  if (mapping === null) throw new UserError(`Nova on ${nova.cloud} maps no server ${id}: it does not exist any more`);
  if (mapping.queued === 1)
    throw new UserError(`server ${id} is queued for deletion on ${nova.cloud}: too late to change it`);
  if (mapping.cell_id === null) {
    throw new UserError(
      `server ${id} has no cell yet: Nova on ${nova.cloud} has not placed it. Say it again when it is ACTIVE`,
    );
  }
  if (mapping.cell === null)
    throw new UserError(`Nova on ${nova.cloud} maps server ${id} to a cell that is not in cell_mappings`);
  return cellOf(nova, mapping.cell);
}

async function cellBySearch(nova: NovaDatabases, id: ServerId): Promise<Cell> {
  const found = await searchCells(nova, id);
  if (found !== null) return found.cell;
  throw new UserError(
    `no configured cell of ${nova.cloud} has a living server ${id} (searched: ${[...nova.cells.keys()].join(', ')})`,
  );
}

async function searchCells(nova: NovaDatabases, id: ServerId): Promise<{ cell: Cell; row: InstanceRow } | null> {
  const rows = await Promise.all(
    [...configured(nova).values()].map(async (cell) => ({ cell, row: await readInstance(cell, id) })),
  );
  const found = rows.flatMap(({ cell, row }) => (row === null ? [] : [{ cell, row }]));
  if (found.length > 1) {
    const cells = found.map(({ cell }) => cell.uuid).join(' and ');
    throw new UserError(
      `server ${id} is alive in cells ${cells} of ${nova.cloud}: add vigie.nova_api in clouds.yaml, which knows the right one`,
    );
  }
  return found[0] ?? null;
}

function cellOf(nova: NovaDatabases, uuid: string): Cell {
  const cell = nova.cells.get(uuid);
  if (cell === undefined)
    throw new UserError(`no DSN for cell ${uuid} of ${nova.cloud}: add it under vigie.cells in clouds.yaml`);
  return cell;
}

function configured(nova: NovaDatabases): ReadonlyMap<string, Cell> {
  if (nova.cells.size > 0) return nova.cells;
  throw new UserError(`no DSN for any cell of ${nova.cloud}: add them under vigie.cells in clouds.yaml`);
}
