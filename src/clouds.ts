import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from './chat/user-error.ts';
import { credentialGate } from './jobs/credentials.ts';
import type { Log } from './log.ts';
import type { Database } from './mysql/database.ts';
import { connectDatabases } from './mysql/databases.ts';
import type { Cloud } from './openstack/cloud.ts';
import type { CloudConfig } from './openstack/config.ts';
import { type ConnectedCloud, connectCloud } from './openstack/connect.ts';

export interface Clouds {
  readonly names: readonly string[];
  cloud(name: string): Promise<Cloud>;
  close(): Promise<void>;
}

interface Parts {
  readonly database: Database;
  readonly log: Log;
  now?(): Date;
}

/** A worker's clouds, each connected once it is needed. */
export function openClouds(configs: ReadonlyMap<string, CloudConfig>, parts: Parts): Clouds {
  const open = new Map<string, ConnectedCloud & { closeAll(): Promise<void> }>();
  return {
    names: [...configs.keys()],
    async cloud(name) {
      const config = configs.get(name);
      if (config === undefined) throw new UserError(`this worker does not serve ${name}`);
      const known = open.get(name) ?? connect(name, config, parts);
      open.set(name, known);
      return known;
    },
    async close() {
      await Promise.all([...open.values()].map((cloud) => cloud.closeAll()));
    },
  };
}

function connect(name: string, config: CloudConfig, { database, log, now = () => new Date() }: Parts) {
  const databases = connectDatabases({ cloud: name, dsns: config.dsns, ownToken: () => cloud.ownToken(), now });
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
