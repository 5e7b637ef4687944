import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Amounts, Room } from '../../src/openstack/cloud.ts';
import { HostName } from '../../src/openstack/names.ts';
import { type Connected, type FakeCloud, startFakeCloud } from './fake-cloud.ts';

const hosts = Array.from({ length: 9 }, (_, n) => HostName.parse(`cmp${n}`));
const [cmp0, cmp1] = [HostName.parse('cmp0'), HostName.parse('cmp1')];

/** A provider as Placement keeps it: what is written counts its generation up, what is deleted does not. */
interface Provider {
  generation: number;
  readonly held: Map<string, Amounts>;
}

let fake: FakeCloud;
let providers: Map<string, Provider>;
let cloud: Connected;

beforeEach(async () => {
  fake = await startFakeCloud();
  const hypervisors = hosts.map((host) => ({ id: `id-${host}`, hypervisor_hostname: host, service: { host } }));
  fake.routes.set('GET /nova/v2.1/os-hypervisors/detail', () => ({ body: { hypervisors } }));
  fake.routes.set('GET /placement/resource_providers', () => ({ body: { resource_providers: all() } }));
  for (const host of hosts) fake.routes.set(`GET ${readingOf(host)}`, () => ({ body: reading(host) }));
  begin();
});
afterEach(() => fake.close());

test('who holds what is read once for as long as it stays so', async () => {
  place(cmp0, 's1', 512);
  expect(await consumers(cmp0)).toEqual([{ each: { MEMORY_MB: 512 }, number: 1 }]);
  expect(await consumers(cmp0)).toEqual([{ each: { MEMORY_MB: 512 }, number: 1 }]);
  expect(hosts.map(timesRead)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1]);
  place(cmp0, 's2', 512);
  expect(await consumers(cmp0)).toEqual([{ each: { MEMORY_MB: 512 }, number: 2 }]);
  expect([timesRead(cmp0), timesRead(cmp1)]).toEqual([2, 1]);
});

test('a server that is deleted counts no generation up: what its host has given away tells it', async () => {
  for (const id of ['s1', 's2']) place(cmp0, id, 512);
  await consumers(cmp0);
  providerOf(cmp0).held.delete('s1');
  expect(await consumers(cmp0)).toEqual([{ each: { MEMORY_MB: 512 }, number: 1 }]);
});

test('a host of which Placement told nothing with its candidates is read anew each time', async () => {
  place(cmp0, 's1', 512);
  const stock = { MEMORY_MB: { total: 4096 } };
  fake.routes.set('GET /placement/resource_providers/id-cmp0/inventories', () => ({ body: { inventories: stock } }));
  for (const times of [1, 2]) {
    await cloud.room(hosts, { told: told().filter(({ host }) => host !== cmp0) });
    expect([timesRead(cmp0), timesRead(cmp1)]).toEqual([times, 1]);
  }
});

test('plans that ask at once read each host once between them, and one that could not be read is read by each', async () => {
  fake.routes.set(`GET ${readingOf(cmp1)}`, () => (timesRead(cmp1) === 1 ? { status: 404 } : { body: reading(cmp1) }));
  const rooms = await Promise.all([cloud.room(hosts, { told: told() }), cloud.room(hosts, { told: told() })]);
  expect(rooms.map((each) => each?.length)).toEqual([8, 9]);
  expect([timesRead(cmp0), timesRead(cmp1)]).toEqual([1, 2]);
});

test('whatever comes and goes, nobody is told anything older than his question', async () => {
  const host = fc.constantFrom(...hosts.slice(0, 2));
  const act = fc.record({
    act: fc.constantFrom('place', 'delete', 'ask', 'ask'),
    host,
    id: fc.nat(3),
    size: fc.nat(2),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 14 }), async (acts) => {
      begin();
      for (const { act: what, host: at, id, size } of acts) {
        if (what === 'place') place(at, `s${id}`, 256 * 2 ** size);
        if (what === 'delete') providerOf(at).held.delete(`s${id}`);
        if (what === 'ask') for (const one of [cmp0, cmp1]) expect(await held(one)).toBe(truth(one));
      }
    }),
    { numRuns: 40 },
  );
});

function begin(): void {
  providers = new Map(hosts.map((host) => [host, { generation: 1, held: new Map() }]));
  cloud = fake.connect();
  fake.seen.length = 0;
}

function providerOf(host: string): Provider {
  const found = providers.get(host);
  if (found === undefined) throw new Error(`no provider of ${host}`);
  return found;
}

function place(host: HostName, id: string, memory: number): void {
  providerOf(host).held.set(id, { MEMORY_MB: memory });
  providerOf(host).generation += 1;
}

function all() {
  return [...providers].map(([name, { generation }]) => ({ uuid: `id-${name}`, name, generation }));
}

function reading(host: HostName) {
  const { generation, held: by } = providerOf(host);
  const allocations = Object.fromEntries([...by].map(([id, resources]) => [id, { resources }]));
  return { resource_provider_generation: generation, allocations };
}

/** As Placement tells with its candidates, before anybody asks who holds it. */
function told(): Room[] {
  return hosts.map((host) => ({ host, capacity: { MEMORY_MB: 4096 }, used: { MEMORY_MB: sumOf(host) } }));
}

function sumOf(host: HostName): number {
  return [...providerOf(host).held.values()].reduce((sum, each) => sum + (each['MEMORY_MB'] ?? 0), 0);
}

async function consumers(host: HostName) {
  return (await cloud.room(hosts, { told: told() }))?.find((room) => room.host === host)?.consumers;
}

async function held(host: HostName): Promise<string> {
  const found = (await consumers(host)) ?? [];
  return sizes(found.flatMap(({ each, number }) => Array.from({ length: number }, () => each)));
}

function truth(host: HostName): string {
  return sizes([...providerOf(host).held.values()]);
}

function sizes(each: readonly Amounts[]): string {
  return each
    .map((one) => one['MEMORY_MB'] ?? 0)
    .toSorted((a, b) => a - b)
    .join();
}

function readingOf(host: HostName): string {
  return `/placement/resource_providers/id-${host}/allocations`;
}

function timesRead(host: HostName): number {
  return fake.count('GET', readingOf(host));
}
