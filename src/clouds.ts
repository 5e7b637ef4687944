import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from './chat/user-error.ts';
import { type Health, type HealthKeeper, keepHealth } from './cloud-health.ts';
import { credentialGate } from './jobs/credentials.ts';
import type { Log } from './log.ts';
import type { Database } from './mysql/database.ts';
import { connectDatabases } from './mysql/databases.ts';
import type { Cloud } from './openstack/cloud.ts';
import { stampOf } from './openstack/cloud-files.ts';
import { type CloudsRequest, readClouds } from './openstack/clouds.ts';
import type { CloudConfig } from './openstack/config.ts';
import { type ConnectedCloud, connectCloud } from './openstack/connect.ts';
import type { Runbooks } from './runbooks/folder.ts';

export interface Clouds {
  readonly names: readonly string[];
  cloud(name: string): Promise<Cloud>;
  health(name: string): Health;
  /** Reads the files again where they changed, or in any case; a broken one keeps what was. */
  reread(always?: boolean): void;
  close(): Promise<void>;
}

interface Parts {
  readonly database: Database;
  readonly log: Log;
  /** None where this process runs none. */
  readonly runbooks?: Runbooks;
  now?(): Date;
}

type Connection = ConnectedCloud & { closeAll(): Promise<void> };

interface Served {
  config: CloudConfig;
  connection: Connection | null;
  readonly steady: Cloud;
  readonly health: HealthKeeper;
}

const lookMs = 5000;
/** Requests under way on a connection that was replaced have this long to be answered. */
const graceMs = 5 * 60_000;

/**
 * A worker's clouds, each connected once it is needed. clouds.yaml and secure.yaml are read again when they change and on
 * SIGHUP; which clouds are served stays as it was at the start.
 */
export function openClouds(request: CloudsRequest, parts: Parts): Clouds {
  const configs = readClouds(request);
  const names = [...configs.keys()];
  const served = new Map([...configs].map(([name, config]) => [name, serve(name, config, parts)]));
  const retired = new Set<Connection>();
  let stamp = stampOf(request);
  let broken: string | null = null;

  function retire(connection: Connection): void {
    retired.add(connection);
    setTimeout(() => {
      if (retired.delete(connection)) void connection.closeAll();
    }, graceMs).unref();
  }

  function reread(always = false): void {
    const found = stampOf(request);
    if (found === stamp && !always) return;
    stamp = found;
    const fresh = tryRead({ ...request, only: names }, parts.log);
    broken = typeof fresh === 'string' ? fresh : null;
    if (typeof fresh === 'string') return;
    for (const [name, config] of fresh) {
      const former = renew(known(served, name), config);
      if (former === 'same') continue;
      if (former !== null) retire(former);
      parts.log.info({ cloud: name }, 'its configuration changed and was read again');
    }
  }

  const hangup = () => reread(true);
  process.on('SIGHUP', hangup);
  const timer = setInterval(reread, lookMs);
  return {
    names,
    cloud: async (name) => known(served, name).steady,
    health(name) {
      const { about, problem } = known(served, name).health.now();
      return { about, problem: broken ?? problem };
    },
    reread,
    async close() {
      process.off('SIGHUP', hangup);
      clearInterval(timer);
      const open = [...served.values()].flatMap(({ connection }) => connection ?? []);
      await Promise.all([...open, ...retired].map((connection) => connection.closeAll()));
    },
  };
}

/** The connection that is no longer to be used, if one was open. */
function renew(one: Served, config: CloudConfig): Connection | null | 'same' {
  if (JSON.stringify(one.config) === JSON.stringify(config)) return 'same';
  const former = one.connection;
  Object.assign(one, { config, connection: null });
  one.health.forget();
  return former;
}

function known(served: ReadonlyMap<string, Served>, name: string): Served {
  const one = served.get(name);
  if (one === undefined) throw new UserError(`this worker does not serve ${name}: clouds says who does`);
  return one;
}

function tryRead(request: CloudsRequest, log: Log): Map<string, CloudConfig> | string {
  try {
    return readClouds(request);
  } catch (error) {
    const why = error instanceof UserError ? error.message : 'it cannot be read';
    log.error({ why }, 'the new clouds.yaml is broken; the old one stays');
    return `the new clouds.yaml is broken, the old one stays: ${why.split('\n')[0] ?? ''}`;
  }
}

/** Always the connection of now: a drain of hours goes on with the credential of now. */
function serve(name: string, config: CloudConfig, parts: Parts): Served {
  function current(): Connection {
    one.connection ??= connect(name, one.config, parts);
    return one.connection;
  }
  const one: Served = {
    config,
    connection: null,
    // Nothing is ever read from the empty object: every member is the present connection's.
    steady: new Proxy({} as Cloud, { get: (_empty, key) => Reflect.get(current(), key) }),
    health: keepHealth(async () => current().probe()),
  };
  return one;
}

function connect(
  name: string,
  config: CloudConfig,
  { database, log, runbooks, now = () => new Date() }: Parts,
): Connection {
  const databases = connectDatabases({
    cloud: name,
    dsns: config.dsns,
    archive: config.archive,
    backup: config.backup,
    ...(runbooks && { runbooks }),
    ownToken: () => cloud.ownToken(),
    now,
  });
  const cloud: ConnectedCloud = connectCloud({
    name,
    config,
    databases,
    gate: credentialGate(database),
    log,
    now,
    sleep: (ms) => sleep(ms),
  });
  const closeAll = async () => {
    await Promise.all([cloud.close(), databases.close()]);
  };
  return { ...cloud, closeAll };
}
