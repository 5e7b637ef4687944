import { setTimeout as sleep } from 'node:timers/promises';
import { connectDatabases } from '../src/mysql/databases.ts';
import type { Cloud, CloudSettings, Server } from '../src/openstack/cloud.ts';
import { type CloudConfig, defaultSettings } from '../src/openstack/config.ts';
import { type ConnectedCloud, connectCloud } from '../src/openstack/connect.ts';
import { HostName, type ServerId } from '../src/openstack/names.ts';
import { type Backstage, login } from './clouds/backstage.ts';
import { openLab } from './clouds/lab.ts';
import { openSimulator } from './clouds/simulator.ts';

/** A cloud for stories: `VIGIE_TEST_CLOUD=openstack` takes the real lab that runs on this machine. */
export interface TestCloud {
  readonly backstage: Backstage;
  readonly config: CloudConfig;
  /** A connection of its own, as a worker would have. */
  connect(settings?: Partial<CloudSettings>): Cloud;
  /** For looking and for setting the stage. */
  readonly cloud: Cloud;
  boot(name: string, host: string, state?: 'SHUTOFF' | 'PAUSED' | 'ERROR'): Promise<ServerId>;
  /** A request that vigie itself never makes: `os-stop`, `lock` as the owner. */
  act(server: ServerId, body: object, user?: string): Promise<void>;
  serverWhen(server: ServerId, holds: (server: Server) => boolean): Promise<Server>;
  /** Deletes the story's servers and hosts, and forgets how migrations were to fail. */
  close(): Promise<void>;
}

export async function openTestCloud(): Promise<TestCloud> {
  const backstage = process.env['VIGIE_TEST_CLOUD'] === 'openstack' ? openLab() : await openSimulator();
  const config = configOf(backstage);
  const open: ConnectedCloud[] = [];
  const booted: ServerId[] = [];
  const hosts = new Set<string>();
  function connect(settings: Partial<CloudSettings> = {}): ConnectedCloud {
    const one = connectAs(backstage, { ...config, settings: { ...config.settings, ...settings } });
    open.push(one);
    return one;
  }
  const cloud = connect();
  const own: Backstage = {
    ...backstage,
    async host(name) {
      hosts.add(name);
      await backstage.host(name);
    },
  };

  async function act(server: ServerId, body: object, user = 'admin'): Promise<void> {
    const { token, compute } = await login(backstage, user);
    const headers = {
      'X-Auth-Token': token,
      'Content-Type': 'application/json',
      'OpenStack-API-Version': 'compute 2.90',
    };
    const answer = await fetch(`${compute}/servers/${server}/action`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${JSON.stringify(body)}: ${answer.status} ${await answer.text()}`);
  }
  async function serverWhen(id: ServerId, holds: (server: Server) => boolean): Promise<Server> {
    for (let looks = 0; looks < 300; looks += 1) {
      const server = await cloud.server(id);
      if (holds(server)) return server;
      await sleep(200);
    }
    throw new Error(`server ${id} never became as expected`);
  }
  async function boot(name: string, host: string, state?: 'SHUTOFF' | 'PAUSED' | 'ERROR'): Promise<ServerId> {
    const id = await backstage.boot(name, host);
    booted.push(id);
    await serverWhen(id, ({ status }) => status === 'ACTIVE');
    if (state === 'SHUTOFF') await act(id, { 'os-stop': null });
    if (state === 'PAUSED') await act(id, { pause: null });
    if (state === 'ERROR') await act(id, { 'os-resetState': { state: 'error' } });
    if (state !== undefined) await serverWhen(id, ({ status, taskState }) => status === state && taskState === null);
    return id;
  }
  return {
    backstage: own,
    config,
    connect,
    cloud,
    boot,
    act,
    serverWhen,
    async close() {
      await backstage.migration({ clear: true, seconds: backstage.real ? 0 : 1 });
      if (backstage.real) await removeAll(backstage, cloud, { booted, hosts: [...hosts] });
      await Promise.all(open.map((one) => one.close()));
      await backstage.stop();
    },
  };
}

/** A shared lab is left as it was found: no server, no host of ours. */
async function removeAll(
  backstage: Backstage,
  cloud: Cloud,
  made: { booted: ServerId[]; hosts: string[] },
): Promise<void> {
  const { token, compute } = await login(backstage, 'admin');
  const headers = { 'X-Auth-Token': token };
  for (const id of made.booted) await fetch(`${compute}/servers/${id}`, { method: 'DELETE', headers });
  for (const host of made.hosts) {
    for (let looks = 0; looks < 50 && (await anyOn(cloud, host)); looks += 1) await sleep(200);
    await backstage.dropHost(host);
    const service = await cloud.computeService(HostName.parse(host));
    const path = `${compute}/os-services/${service?.id}`;
    await fetch(path, { method: 'DELETE', headers: { ...headers, 'OpenStack-API-Version': 'compute 2.90' } });
  }
}

async function anyOn(cloud: Cloud, host: string): Promise<boolean> {
  for await (const _server of cloud.servers({ host: HostName.parse(host) })) return true;
  return false;
}

function configOf({ authUrl, region, password, dsns }: Backstage): CloudConfig {
  const domain = { name: 'Default' };
  return {
    name: 'demo',
    authUrl,
    login: {
      kind: 'password',
      user: { name: 'admin', domain },
      password,
      scope: { project: { name: 'admin', domain } },
    },
    region,
    interfaces: ['public'],
    serviceInterfaces: {},
    endpointOverrides: {},
    tls: { verify: true, ca: null, cert: null, key: null },
    timeoutMs: null,
    fingerprint: 'test',
    settings: { ...defaultSettings, pollInterval: 300 },
    dsns,
  };
}

function connectAs(backstage: Backstage, config: CloudConfig): ConnectedCloud {
  const now = () => new Date();
  const databases = connectDatabases({ cloud: config.name, dsns: backstage.dsns, now });
  const gate = { isBad: async () => null, markBad: async () => {} };
  const log = { debug: () => {}, warn: () => {} };
  const cloud = connectCloud({ name: config.name, config, databases, gate, log, now, sleep: (ms) => sleep(ms) });
  return { ...cloud, close: async () => void (await Promise.all([cloud.close(), databases.close()])) };
}
