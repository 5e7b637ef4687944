import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CloudConfig, defaultSettings } from '../../src/openstack/config.ts';
import { connectCloud } from '../../src/openstack/connect.ts';
import type { CredentialGate } from '../../src/openstack/keystone.ts';

/** One request as the fake cloud saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export type Said =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | 'cut'
  | 'silence';
export type Route = (seen: Seen) => Said | Promise<Said>;

export interface FakeCloud {
  readonly url: string;
  readonly seen: Seen[];
  /** By `GET /nova/v2.1/servers`; may be changed at any time. */
  readonly routes: Map<string, Route>;
  count(method: string, path: string): number;
  connect(changes?: Partial<CloudConfig>, parts?: Partial<Connecting>): Connected;
  close(): Promise<void>;
}

export interface Connecting {
  readonly gate: CredentialGate;
  readonly now: () => Date;
  readonly slept: number[];
  readonly logged: string[];
}
export type Connected = ReturnType<typeof connectCloud>;

export const admin = { id: 'p1', name: 'admin' };
export const openGate: CredentialGate = {
  isBad: async () => null,
  markBad: async () => {},
  alone: (_cloud, _fingerprint, login) => login(),
};

/** A cloud on a real socket: Keystone, Nova 2.1–2.93 and Placement 1.39 of a few routes, each request kept. */
export async function startFakeCloud(): Promise<FakeCloud> {
  const seen: Seen[] = [];
  const routes = new Map<string, Route>();
  const server = createServer((request, response) => {
    void answer(request, response, routes, seen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never a pipe's name.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const open: Connected[] = [];
  defaults(routes, url);
  return {
    url,
    seen,
    routes,
    count: (method, path) => seen.filter((one) => one.method === method && one.path === path).length,
    connect: (changes = {}, parts = {}) => {
      const cloud = connectCloud(connecting(configOf(url, changes), parts));
      open.push(cloud);
      return cloud;
    },
    close: async () => {
      await Promise.all(open.map((cloud) => cloud.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function configOf(url: string, changes: Partial<CloudConfig> = {}): CloudConfig {
  const owner = (name: string) => ({ name, domain: { name: 'Default' } });
  return {
    name: 'fake',
    authUrl: `${url}/identity`,
    login: { kind: 'password', user: owner('vigie'), password: 'hunter2', scope: { project: owner('admin') } },
    region: 'east',
    interfaces: ['public'],
    serviceInterfaces: {},
    endpointOverrides: {},
    tls: { verify: true, ca: null, cert: null, key: null },
    timeoutMs: null,
    fingerprint: 'f1',
    settings: defaultSettings,
    hooks: [],
    dsns: { novaApi: null, cells: {}, keystone: null },
    ...changes,
  };
}

function connecting(
  config: CloudConfig,
  { gate = openGate, now = () => new Date(), slept = [], logged = [] }: Partial<Connecting>,
) {
  const log = (facts: object, message: string) => void logged.push(JSON.stringify({ ...facts, message }));
  const sleep = async (ms: number) => void slept.push(ms);
  // No test of the client touches the operators' databases.
  return { name: config.name, config, databases: {} as never, gate, log: { debug: log, warn: log }, now, sleep };
}

export function token(lifetimeMs = 3_600_000, more: object = {}): object {
  const [issued_at, expires_at] = [0, lifetimeMs].map((ms) => new Date(Date.now() + ms).toISOString());
  return {
    issued_at,
    expires_at,
    user: { id: 'u1', name: 'vigie' },
    project: admin,
    roles: [{ id: 'r1', name: 'admin' }],
    ...more,
  };
}

export function catalog(url: string, compute = `${url}/nova/v2.1`): object[] {
  const endpoint = (address: string) => [
    { interface: 'internal', region_id: 'east', url: 'http://127.0.0.1:1/wrong' },
    { interface: 'public', region_id: 'west', url: 'http://127.0.0.1:1/wrong' },
    { interface: 'public', region_id: 'east', url: address },
  ];
  return [
    { type: 'compute', name: 'nova', endpoints: endpoint(compute) },
    { type: 'placement', name: 'placement', endpoints: endpoint(`${url}/placement`) },
  ];
}

export function novaVersions(max = '2.93'): object {
  const v20 = { id: 'v2.0', status: 'SUPPORTED', version: '', min_version: '', links: [] };
  return {
    versions: [
      v20,
      {
        id: 'v2.1',
        status: 'CURRENT',
        version: max,
        min_version: '2.1',
        links: [{ rel: 'self', href: 'https://inside.example/v2.1/' }],
      },
    ],
  };
}

export function loginAnswer(url: string, { compute, body = token() }: { compute?: string; body?: object } = {}): Said {
  return {
    status: 201,
    headers: { 'x-subject-token': `gAAAA-token-${Math.random()}` },
    body: { token: { ...body, catalog: catalog(url, compute) } },
  };
}

function defaults(routes: Map<string, Route>, url: string): void {
  routes.set('POST /identity/v3/auth/tokens', () => loginAnswer(url));
  routes.set('GET /nova/v2.1/', () => ({ body: { version: { id: 'v2.1', version: '2.93', min_version: '2.1' } } }));
  routes.set('GET /placement/', () => ({
    body: { versions: [{ id: 'v1.0', max_version: '1.39', min_version: '1.0' }] },
  }));
  routes.set('GET /nova/v2.1/os-services', () => ({ body: { services: [service('cmp1')] } }));
}

export function service(host: string, more: object = {}): object {
  return {
    id: '7809b3a7-8fe8-4591-b278-e880ea88aa40',
    host,
    binary: 'nova-compute',
    zone: 'nova',
    status: 'enabled',
    state: 'up',
    disabled_reason: null,
    ...more,
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Map<string, Route>,
  seen: Seen[],
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const chunks = await request.toArray();
  const text = Buffer.concat(chunks).toString();
  const one: Seen = {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? null : JSON.parse(text),
  };
  seen.push(one);
  const said = (await routes.get(`${one.method} ${one.path}`)?.(one)) ?? {
    status: 404,
    body: { itemNotFound: { code: 404, message: 'no such route' } },
  };
  if (said === 'cut') request.socket.destroy();
  if (said === 'cut' || said === 'silence') return;
  response.writeHead(said.status ?? 200, {
    'content-type': 'application/json',
    'x-openstack-request-id': 'req-of-the-cloud',
    ...said.headers,
  });
  response.end(said.body === undefined ? '' : typeof said.body === 'string' ? said.body : JSON.stringify(said.body));
}
