import { setMaxListeners } from 'node:events';
import { type Chance, chanceFrom } from './chance.ts';
import type { CatalogService, Identity } from './keystone/identity.ts';
import type { Settings } from './settings.ts';
import { databasesOf } from './tables/databases.ts';
import { openTables } from './tables/tables.ts';
import type { World } from './world.ts';

const SERVICES = [
  ['identity', 'keystone', '/identity/v3'],
  ['compute', 'nova', '/compute/v2.1'],
  ['placement', 'placement', '/placement'],
  ['network', 'neutron', '/network'],
  ['volumev3', 'cinderv3', '/volume/v3'],
] as const;

export interface Making {
  readonly world: World;
  /** Ends what runs in the background, and waits for it. */
  stop(): Promise<void>;
}

/** A world with its tables and nothing in it. */
export async function makeWorld(settings: Settings): Promise<Making> {
  const chance = chanceFrom(settings.seed);
  const databases = databasesOf(settings, chance.uuid);
  const [cell0] = databases.cells;
  if (!cell0) throw new Error('A cloud has at least its cell0.');
  const tables = await openTables(settings, databases, settings.now);
  const stopping = new AbortController();
  // As many as there are servers on their way.
  setMaxListeners(0, stopping.signal);
  const running = new Set<Promise<void>>();

  const world: World = {
    settings,
    chance,
    identity: emptyIdentity(chance),
    tables,
    cells: databases.cells,
    cell0,
    cellsDown: new Set(),
    controllers: [],
    hosts: new Map(),
    flavors: [],
    images: [],
    servers: new Map(),
    deleted: [],
    migrations: [],
    journal: [],
    groups: [],
    aggregates: [],
    agents: [],
    quotas: new Map(),
    held: new Map(),
    moving: { seconds: settings.migrateSeconds, fail: [] },
    next: { service: 1, server: 1, migration: 1, action: 1, aggregate: 1 },
    now: settings.now,
    sleep: (milliseconds) => settings.sleep(milliseconds, stopping.signal),
    spawn(work) {
      const done = work().catch((error: unknown) => {
        if (!stopping.signal.aborted) process.emitWarning(`simulator: ${String(error)}`);
      });
      running.add(done);
      void done.finally(() => running.delete(done));
    },
  };
  return {
    world,
    async stop() {
      stopping.abort();
      await Promise.all(running);
      await tables.stop();
    },
  };
}

function emptyIdentity(chance: Chance): Identity {
  const catalog = SERVICES.map(([type, name, path]): CatalogService => {
    const endpoints = { public: chance.hex(32), internal: chance.hex(32), admin: chance.hex(32) };
    return { id: chance.hex(32), type, name, path, endpoints };
  });
  return {
    roles: ['admin', 'member', 'reader', 'service'].map((name) => ({ id: chance.hex(32), name })),
    users: new Map(),
    projects: new Map(),
    groups: new Map(),
    assignments: [],
    appCredentials: [],
    trusts: [],
    tokens: new Map(),
    novaCache: new Map(),
    catalog,
  };
}
