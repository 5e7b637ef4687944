import { randomBytes } from 'node:crypto';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { mariadbUrl } from '../setup/servers.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** Anything a service answers: looked into by name, and believed only once it is compared. */
export interface Json {
  readonly [key: string]: Json;
}

export interface Asking {
  readonly body?: unknown;
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Client {
  readonly token: string;
  call(method: string, service: string, path: string, asking?: Asking): Promise<Reply>;
}

/** A simulated cloud, fifty times as fast as a real one, in databases of its own. */
export async function cloud(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const prefix = `sim_${randomBytes(4).toString('hex')}_`;
  return startSimulator({ mysql: mariadbUrl(), prefix, speed: 50, ...options });
}

export async function client(
  simulator: Simulator,
  user = 'admin',
  scope: unknown = { project: { name: projectOf(simulator, user), domain: { id: 'default' } } },
): Promise<Client> {
  const reply = await login(simulator, { user: { name: user, domain: { id: 'default' }, password: 'lab' } }, scope);
  if (reply.status !== 201) throw new Error(`${user} cannot log in: ${reply.status}`);
  return clientWith(reply);
}

export function clientWith(reply: Reply): Client {
  const token = reply.headers.get('x-subject-token') ?? '';
  const urls = new Map(
    rows(reply.body['token']?.['catalog']).map((entry) => [
      String(entry['type']),
      String(entry['endpoints']?.[0]?.['url']),
    ]),
  );
  return {
    token,
    call(method, service, path, { body, version, headers } = {}) {
      const asked = version === undefined ? {} : { 'openstack-api-version': `${service} ${version}` };
      return request(method, `${urls.get(service)}${path}`, body, { 'x-auth-token': token, ...asked, ...headers });
    },
  };
}

export function login(simulator: Simulator, password: unknown, scope?: unknown): Promise<Reply> {
  const auth = { identity: { methods: ['password'], password }, scope };
  return request('POST', `${simulator.url}/auth/tokens`, { auth });
}

export async function request(
  method: string,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, ...sent });
  const text = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
  return { status: response.status, headers: response.headers, body: JSON.parse(json ? text : JSON.stringify(text)) };
}

export function rows(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? list : [];
}

function projectOf(simulator: Simulator, user: string): string {
  return simulator.users.find(({ name }) => name === user)?.project ?? 'admin';
}

/** Looks until it is so; the simulated cloud is quick, so not for long. */
export async function eventually<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  const end = Date.now() + 5000;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The server as an admin sees it. */
export async function see(admin: Client, id: string): Promise<Seen> {
  const { status, body } = await admin.call('GET', 'compute', `/servers/${id}`, { version: '2.90' });
  const server = body['server'];
  return {
    found: status === 200,
    status: String(server?.['status']),
    task: taskOf(server?.['OS-EXT-STS:task_state']),
    host: String(server?.['OS-EXT-SRV-ATTR:host']),
  };
}

function taskOf(task: unknown): string | null {
  return typeof task === 'string' ? task : null;
}

export interface Seen {
  readonly found: boolean;
  readonly status: string;
  readonly task: string | null;
  readonly host: string;
}

export function act(who: Client, id: string, body: unknown, version = '2.90'): Promise<Reply> {
  return who.call('POST', 'compute', `/servers/${id}/action`, { body, version });
}

/** The statuses of the server's migrations, newest first. */
export async function migrationsOf(admin: Client, id: string): Promise<readonly Json[]> {
  const { body } = await admin.call('GET', 'compute', `/os-migrations?instance_uuid=${id}`, { version: '2.90' });
  return rows(body['migrations']);
}
