import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { credentialGate } from '../src/jobs/credentials.ts';
import type { Log } from '../src/log.ts';
import type { Database } from '../src/mysql/database.ts';
import { connectDatabases } from '../src/mysql/databases.ts';
import type { Cloud, CloudSettings } from '../src/openstack/cloud.ts';
import { type BackupSettings, type CloudConfig, defaultSettings } from '../src/openstack/config.ts';
import { connectCloud } from '../src/openstack/connect.ts';
import type { Hook } from '../src/openstack/hooks.ts';
import type { Control, SimulatorOptions } from '../src/simulator/simulator.ts';
import { type Api, openApi } from './clouds/api.ts';
import type { Ground } from './clouds/ground.ts';
import { labGround } from './clouds/lab.ts';
import { openServers, type StoryServers } from './clouds/servers.ts';
import { type SimulatedGround, simulatedGround } from './clouds/simulated.ts';

/** Where the same stories run: on the simulator of this process, or on the real OpenStack of this machine. */
export const onLab = process.env['VIGIE_TEST_CLOUD'] === 'openstack';

/** One cloud under one story: hosts and servers of its own, everything put back at the end. */
export interface StoryCloud extends Omit<Ground, 'createServer' | 'stop'>, StoryServers {
  /** As vigie's policy and commands name it. */
  readonly name: 'demo';
  /** Before the name of every server of the story. */
  readonly prefix: string;
  readonly admin: Api;
  /** alice, who owns the servers in alpha and is nobody special. */
  readonly owner: Api;
  config(changes?: Partial<CloudConfig>): CloudConfig;
  connect(parts: { database: Database; log: Log }): Promise<Cloud>;
  /** Closes other hosts with room to spare, so that Nova has nowhere to go; they are opened again at the end. */
  disable(host: string, reason?: string): Promise<void>;
  enable(host: string): Promise<void>;
  /** The simulated cloud's own control; null on the lab. */
  readonly control: Control | null;
  service(host: string): Promise<{ status: string; state: string; disabled_reason: string | null }>;
  stop(): Promise<void>;
}

export interface StoryCloudOptions {
  readonly simulator?: Partial<SimulatorOptions>;
  readonly settings?: Partial<CloudSettings>;
  /** As clouds.yaml would name them. */
  readonly hooks?: readonly Hook[];
  /** Where the operators' lists of servers lie. */
  readonly lists?: string;
  /** As clouds.yaml would have it, once the database server is known. */
  readonly backup?: (server: Ground['databaseServer']) => BackupSettings;
}

export async function openStoryCloud(options: StoryCloudOptions = {}): Promise<StoryCloud> {
  const prefix = `vg${randomBytes(3).toString('hex')}-`;
  const ground = onLab ? await labGround(prefix) : await simulatedGround(options.simulator);
  const admin = openApi(ground.authUrl, 'admin', 'admin');
  const owner = openApi(ground.authUrl, 'alice', 'alpha');
  const servers = openServers(ground, { admin, owner }, prefix);
  const disabled = new Set<string>();
  const connections: { close(): Promise<void> }[] = [];
  const setStatus = async (host: string, body: object) => {
    const { id } = await serviceOf(admin, host);
    await admin.call('PUT', `/os-services/${id}`, body);
  };
  const enable = async (host: string) => {
    await setStatus(host, { status: 'enabled' });
    disabled.delete(host);
  };
  return {
    ...ground,
    ...servers,
    name: 'demo',
    prefix,
    admin,
    owner,
    config: (changes) => configOf(ground, options, changes),
    async connect({ database, log }) {
      const opened = connect(configOf(ground, options), { database, log });
      connections.push(opened);
      return opened.cloud;
    },
    async disable(host, reason = 'closed by a story') {
      disabled.add(host);
      await setStatus(host, { status: 'disabled', disabled_reason: reason });
    },
    enable,
    control: controlOf(ground),
    service: (host) => serviceOf(admin, host),
    async stop() {
      await Promise.all(connections.map((one) => one.close()));
      if (onLab) await putBack(ground, servers, [...disabled], enable);
      await ground.stop();
    },
  };
}

function controlOf(ground: Ground | SimulatedGround): Control | null {
  return 'simulator' in ground ? ground.simulator.control : null;
}

/** On a cloud that outlives the story. */
async function putBack(
  ground: Ground,
  servers: StoryServers,
  disabled: readonly string[],
  enable: (host: string) => Promise<void>,
): Promise<void> {
  await ground.heal();
  for (const host of disabled) await enable(host);
  await servers.deleteAll();
}

async function serviceOf(admin: Api, host: string) {
  const { body } = await admin.call('GET', `/os-services?binary=nova-compute&host=${host}`);
  const [service] = body.services;
  if (service === undefined) throw new Error(`${host} has no nova-compute service`);
  return service;
}

function configOf(
  ground: Ground,
  { settings = {}, hooks = [], lists, backup }: StoryCloudOptions,
  changes: Partial<CloudConfig> = {},
): CloudConfig {
  return {
    name: 'demo',
    authUrl: ground.authUrl,
    login: {
      kind: 'password',
      user: { name: 'admin', domain: { name: 'Default' } },
      password: 'lab',
      scope: { project: { name: 'admin', domain: { name: 'Default' } } },
    },
    region: ground.region,
    interfaces: ['public'],
    serviceInterfaces: {},
    endpointOverrides: {},
    tls: { verify: true, ca: null, cert: null, key: null },
    timeoutMs: null,
    fingerprint: ground.authUrl,
    settings: { ...defaultSettings, pollInterval: ground.pollInterval, hooks: [...hooks], ...settings },
    hooks,
    lists: lists ?? null,
    dsns: ground.dsns,
    backup: backup?.(ground.databaseServer) ?? null,
    ...changes,
  };
}

/** As a worker does it (`src/clouds.ts`), from a configuration instead of files. */
export function connect(config: CloudConfig, { database, log }: { database: Database; log: Log }) {
  const now = () => new Date();
  const databases = connectDatabases({
    cloud: config.name,
    dsns: config.dsns,
    backup: config.backup,
    ownToken: () => cloud.ownToken(),
    now,
  });
  const cloud = connectCloud({
    name: config.name,
    config,
    databases,
    gate: credentialGate(database),
    log,
    now,
    sleep: (ms) => delay(ms),
  });
  return { cloud, close: async () => void (await Promise.all([cloud.close(), databases.close()])) };
}
