import { mustBeSet } from '../../archive/place.ts';
import { UserError } from '../../chat/user-error.ts';
import type { DumpServer, DumpSurvey, Dumps } from '../../openstack/cloud.ts';
import type { BackupServer, BackupSettings } from '../../openstack/config.ts';
import { mustSeeAll } from '../grants.ts';
import { parseDsn } from '../operator-dsn.ts';
import { type OperatorPool, openOperatorPool } from '../operator-pool.ts';
import { inspect, mustBeSynced } from './inspect.ts';
import { keyIds } from './keys.ts';
import { bareDatabase, makeDump } from './make.ts';
import { findDumpTool } from './program.ts';
import { proveDump } from './prove.ts';
import { copy, endpointOf, look, openStores, placeOf, remove, type Stores, sealingKey } from './stored.ts';
import { unlistedBy } from './unlisted.ts';

export interface DumpsParts {
  readonly cloud: string;
  readonly backup: BackupSettings | null | undefined;
  readonly now: () => Date;
}

interface Known extends BackupServer {
  readonly pool: OperatorPool;
}

/** Dumps and proofs of one cloud's database servers. Opens no connection by itself. */
export function connectDumps({ cloud, backup, now }: DumpsParts): Dumps & { close(): Promise<void> } {
  const servers = new Map(
    Object.entries(backup?.servers ?? {}).map(([name, server]): [string, Known] => [
      name,
      { ...server, pool: openOperatorPool(server.dsn, `database server ${name} of ${cloud}`) },
    ]),
  );
  const opened = backup ? openStores(backup, cloud) : null;
  const stores = (): Stores => mustBeSet(opened, cloud, 'backup');
  function known(name: string): Known {
    const server = servers.get(name);
    if (server === undefined)
      throw new UserError(`vigie.backup of ${cloud} names no server ${name}: it has ${[...servers.keys()].join(', ')}`);
    return server;
  }
  return {
    servers() {
      stores();
      return [...servers].map(([name, { databases }]) => ({ name, databases }));
    },
    survey: (server, { signal }) => survey(known(server.name), server, signal),
    place: async () => placeOf(stores()),
    async ready() {
      sealingKey(stores());
      await stores().target.ready();
    },
    look: async (dump) => look(stores(), dump),
    endpointOf: (path) => endpointOf(opened, path),
    async *dump(order) {
      const { pool, dsn, empty } = known(order.name);
      const { settings, target: store } = stores();
      const key = sealingKey(stores());
      const keys = await keyIds(settings);
      return yield* makeDump({ cloud, pool, dsn: parseDsn(dsn, pool.label), store, key, keys, empty, now }, order);
    },
    copy: async (dump) => copy(stores(), dump),
    prove: (dump) => proveDump(stores(), dump),
    remove: async (path) => remove(stores(), path),
    async close() {
      for (const store of [opened?.target, opened?.copies]) store?.close();
      await Promise.all([...servers.values()].map(({ pool }) => pool.close()));
    },
  };
}

async function survey(known: Known, { databases }: DumpServer, signal: AbortSignal): Promise<DumpSurvey> {
  const { pool, empty } = known;
  const unlisted = await unlistedBy(pool, known.databases);
  const absent = databases.find((name) => !unlisted.present.includes(name));
  if (absent !== undefined)
    throw new UserError(
      `${pool.label} has no database ${absent} that its account may see: grant what docs/backups.md names, or take it out of vigie.backup`,
    );
  await mustSeeAll(pool, databases);
  const inspected = await inspect(pool, databases, signal);
  const { version, tables, flavour } = inspected;
  await findDumpTool(flavour);
  const bare = databases.find((name) => !empty.includes(name) && !tables.some(({ schema }) => schema === name));
  if (bare !== undefined) throw bareDatabase(bare);
  mustBeSynced(inspected, pool);
  const outside = tables.filter(({ engine }) => engine !== 'InnoDB').map(({ schema, name }) => `${schema}.${name}`);
  return {
    version,
    bytes: tables.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    tables: tables.length,
    unlisted: unlisted.others,
    outside,
  };
}
