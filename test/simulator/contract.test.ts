import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { type Client, client, cloud } from './cloud.ts';

/** One request of the real OpenStack's transcripts, with the shape of its answer. */
interface Recorded {
  readonly note: string;
  readonly user: string;
  readonly method: string;
  readonly service: string;
  readonly path: string;
  readonly version?: string;
  readonly body?: unknown;
  readonly status: number;
  readonly shape?: unknown;
  readonly fault?: string;
  readonly message?: string;
}

const folder = new URL('../fixtures/transcripts/', import.meta.url);
let simulator: Simulator;
let names: ReadonlyMap<string, string>;
const clients = new Map<string, Client>();

beforeAll(async () => {
  simulator = await cloud({ servers: 60, hosts: 4, deletedServers: 3 });
  for (const user of ['admin', 'alice']) clients.set(user, await client(simulator, user));
  // nothing in a recorded list is empty, so neither may it be here
  const admin = who('admin');
  const server = await firstOf(who('alice'), '/servers', 'servers');
  await admin.call('POST', 'compute', `/servers/${server}/action`, { body: { lock: null } });
  names = new Map([
    ['server', server],
    ['service', await firstOf(admin, '/os-services?host=cmp1', 'services', '2.90')],
    ['provider', await firstOf(admin, '/os-hypervisors', 'hypervisors', '2.90')],
    ['alpha', String((await admin.call('GET', 'identity', '/projects?name=alpha')).body['projects']?.[0]?.['id'])],
    ['adminRole', String((await admin.call('GET', 'identity', '/roles?name=admin')).body['roles']?.[0]?.['id'])],
    ['alice', userId('alice')],
    ['ops', userId('ops')],
  ]);
});

afterAll(() => simulator.stop());

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  // written by us beside this test
  const recorded = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly Recorded[];
  describe(`answers as the real one did: ${file}`, () => {
    test.each(recorded)('$user $method $path $version $note', async (each) => {
      const { status, body } = await who(each.user).call(each.method, each.service, fill(each.path), {
        ...(each.version === undefined ? {} : { version: each.version }),
        ...(each.body === undefined ? {} : { body: each.body }),
      });
      expect(status).toBe(each.status);
      if (each.fault !== undefined) expect(Object.keys(body)).toEqual([each.fault]);
      const said = each.fault === undefined ? undefined : body[each.fault]?.['message'];
      if (each.message !== undefined) expect(plain(String(said))).toBe(plain(each.message));
      if (each.shape !== undefined) expect(differences(each.shape, body)).toEqual([]);
    });
  });
}

function who(user: string): Client {
  const found = clients.get(user);
  if (!found) throw new Error(`nobody logged in as ${user}`);
  return found;
}

function userId(name: string): string {
  return simulator.users.find((user) => user.name === name)?.id ?? '';
}

async function firstOf(admin: Client, path: string, list: string, version = '2.1'): Promise<string> {
  const { body } = await admin.call('GET', 'compute', path, { version });
  return String(body[list]?.[0]?.['id']);
}

function fill(path: string): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => names.get(name) ?? name);
}

function plain(message: string): string {
  return message.replace(/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|\{uuid\}/g, 'UUID');
}

/** Where the two differ: keys that one lacks, and kinds. Null stands for any kind, an empty list for any list. */
function differences(expected: unknown, actual: unknown, at = ''): string[] {
  if (expected === null || expected === 'object' || actual === null || actual === undefined) {
    return actual === undefined ? [`${at} is missing`] : [];
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${at} is no list`];
    return expected.length === 0 || actual.length === 0 ? [] : differences(expected[0], actual[0], `${at}[]`);
  }
  if (typeof expected !== 'object') return typeof actual === expected ? [] : [`${at} is a ${typeof actual}`];
  const [real, ours] = [new Map(Object.entries(expected)), new Map(Object.entries(actual))];
  const extra = [...ours.keys()].filter((key) => !real.has(key)).map((key) => `${at}.${key} is not in the real one`);
  return [...extra, ...[...real].flatMap(([key, kind]) => differences(kind, ours.get(key), `${at}.${key}`))];
}
