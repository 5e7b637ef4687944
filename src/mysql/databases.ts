import type { ArchiveSettings } from '../archive/place.ts';
import type { Databases } from '../openstack/cloud.ts';
import type { BackupSettings } from '../openstack/config.ts';
import { connectDumps } from './dumps/dumps.ts';
import { countGrowth } from './growth.ts';
import { countTokens } from './keystone-db.ts';
import {
  cellsWithoutDsn,
  findInstance,
  type NovaDatabases,
  protectedInstances,
  requestedZone,
  setFlag,
} from './nova-db.ts';
import { openOperatorPool } from './operator-pool.ts';
import { connectTokens } from './tokens.ts';

export interface OperatorDsns {
  readonly novaApi?: string | null;
  /** By cell uuid, as `nova_api.cell_mappings` has it. */
  readonly cells: Readonly<Record<string, string>>;
  readonly keystone?: string | null;
  readonly keystoneWriter?: string | null;
  readonly keystoneReplicas?: readonly string[];
  readonly scratch?: string | null;
}

export interface DatabasesOptions {
  /** The cloud's name, for messages. */
  readonly cloud: string;
  readonly dsns: OperatorDsns;
  readonly archive?: ArchiveSettings | null | undefined;
  readonly backup?: BackupSettings | null | undefined;
  /** A token of our own: its shape tells which provider Keystone runs. */
  readonly ownToken?: () => Promise<string>;
  readonly now: () => Date;
}

/** Opens no connection by itself. Throws `UserError` where a DSN cannot be read. */
export function connectDatabases({
  cloud,
  dsns,
  archive,
  backup,
  ownToken,
  now,
}: DatabasesOptions): Databases & { close(): Promise<void> } {
  const api = dsns.novaApi ? openOperatorPool(dsns.novaApi, `nova_api of ${cloud}`) : null;
  const cells = Object.entries(dsns.cells).map(([uuid, dsn]) => ({
    uuid,
    pool: openOperatorPool(dsn, `cell ${uuid} of ${cloud}`),
  }));
  const keystone = dsns.keystone ? openOperatorPool(dsns.keystone, `keystone's database of ${cloud}`) : null;
  const nova: NovaDatabases = { cloud, api, cells: new Map(cells.map((cell) => [cell.uuid, cell])) };
  const tokens = connectTokens({ cloud, keystone, dsns, archive, now });
  const dumps = connectDumps({ cloud, backup, now });
  const pools = [api, keystone, ...cells.map(({ pool }) => pool), tokens, dumps].filter((pool) => pool !== null);
  return {
    ...tokens,
    dumps,
    instance: (id) => findInstance(nova, id),
    requestedZone: (id) => requestedZone(nova, id),
    protectedInstances: () => protectedInstances(nova),
    cellsWithoutDsn: () => cellsWithoutDsn(nova),
    setDisableTerminate: (id, on, limits) => setFlag(nova, id, on, limits),
    tokens: (options) => countTokens({ cloud, keystone, now, ...(ownToken && { ownToken }) }, options),
    growth: (options) => countGrowth({ cloud, keystone, cells, now }, options),
    close: async () => {
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}
