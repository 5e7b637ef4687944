import type { ArchiveSettings } from '../archive/place.ts';
import type { Databases, OwnToken } from '../openstack/cloud.ts';
import type { BackupSettings } from '../openstack/config.ts';
import { openRunbooks, type Runbooks } from '../runbooks/folder.ts';
import { connectDumps } from './dumps/dumps.ts';
import { countGrowth } from './growth.ts';
import { countTokens } from './keystone-db.ts';
import type { Cell } from './nova-cell.ts';
import {
  cellsWithoutDsn,
  findInstance,
  type NovaDatabases,
  protectedInstances,
  requestedZone,
  setFlag,
} from './nova-db.ts';
import { type OperatorPool, openOperatorPool } from './operator-pool.ts';
import { connectEdits } from './runbooks.ts';
import { connectTokens } from './tokens.ts';

export interface OperatorDsns {
  readonly novaApi?: string | null;
  /** By cell uuid, as `nova_api.cell_mappings` has it. */
  readonly cells: Readonly<Record<string, string>>;
  readonly keystone?: string | null;
  readonly keystoneWriter?: string | null;
  readonly keystoneReplicas?: readonly string[];
  readonly scratch?: string | null;
  /** The accounts that run runbooks, where they are not those above. */
  readonly runbooks?: RunbookDsns | null;
}

export interface RunbookDsns {
  readonly novaApi: string | null;
  readonly cells: Readonly<Record<string, string>>;
  readonly keystone: string | null;
}

export interface DatabasesOptions {
  /** The cloud's name, for messages. */
  readonly cloud: string;
  readonly dsns: OperatorDsns;
  readonly archive?: ArchiveSettings | null | undefined;
  readonly backup?: BackupSettings | null | undefined;
  /** None where this process runs none. */
  readonly runbooks?: Runbooks;
  readonly ownToken?: () => Promise<OwnToken>;
  readonly now: () => Date;
}

/** Opens no connection by itself. Throws `UserError` where a DSN cannot be read. */
export function connectDatabases({
  cloud,
  dsns,
  archive,
  backup,
  runbooks = openRunbooks([]),
  ownToken,
  now,
}: DatabasesOptions): Databases & { close(): Promise<void> } {
  const { nova, cells, keystone } = openPools(cloud, dsns);
  const own = dsns.runbooks ? openPools(cloud, dsns.runbooks) : null;
  const edits = connectEdits({ nova: own?.nova ?? nova, keystone: own?.keystone ?? keystone, runbooks, archive, now });
  const tokens = connectTokens({ cloud, keystone, dsns, archive, now, ownToken });
  const dumps = connectDumps({ cloud, backup, now });
  return {
    ...tokens,
    ...edits,
    dumps,
    instance: (id) => findInstance(nova, id),
    requestedZone: (id) => requestedZone(nova, id),
    protectedInstances: () => protectedInstances(nova),
    cellsWithoutDsn: () => cellsWithoutDsn(nova),
    setDisableTerminate: (id, on, limits) => setFlag(nova, id, on, limits),
    tokens: (options) => countTokens({ cloud, keystone, now, ...(ownToken && { ownToken }) }, options),
    growth: (options) =>
      countGrowth({ cloud, keystone, cells, now, cellsWithoutDsn: () => cellsWithoutDsn(nova) }, options),
    close: async () => {
      const pools = [...opened(nova, keystone), ...(own === null ? [] : opened(own.nova, own.keystone)), tokens, dumps];
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}

interface Pools {
  readonly nova: NovaDatabases;
  readonly cells: readonly Cell[];
  readonly keystone: OperatorPool | null;
}

function openPools(cloud: string, { novaApi, cells: cellDsns, keystone }: Omit<OperatorDsns, 'runbooks'>): Pools {
  const cells = Object.entries(cellDsns).map(([uuid, dsn]) => ({
    uuid,
    pool: openOperatorPool(dsn, `cell ${uuid} of ${cloud}`),
  }));
  const api = novaApi ? openOperatorPool(novaApi, `nova_api of ${cloud}`) : null;
  return {
    nova: { cloud, api, cells: new Map(cells.map((cell) => [cell.uuid, cell])) },
    cells,
    keystone: keystone ? openOperatorPool(keystone, `keystone's database of ${cloud}`) : null,
  };
}

function opened({ api, cells }: NovaDatabases, keystone: OperatorPool | null): OperatorPool[] {
  return [api, keystone, ...[...cells.values()].map(({ pool }) => pool)].filter((pool) => pool !== null);
}
