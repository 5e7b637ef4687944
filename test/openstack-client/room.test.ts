import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostName } from '../../src/openstack/names.ts';
import { aServer } from '../drain/things.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';

const [cmp1, cmp2] = [HostName.parse('cmp1'), HostName.parse('cmp2')];
const holding = (memory: number, disk = 0) => ({
  resources: { MEMORY_MB: memory, ...(disk > 0 && { DISK_GB: disk }) },
});
const allocations = { s1: holding(512), s2: holding(512), s3: holding(100, 3) };
const hypervisors = [cmp1, cmp2].map((host) => ({ id: `id-${host}`, hypervisor_hostname: host, service: { host } }));
let fake: FakeCloud;

beforeEach(async () => {
  fake = await startFakeCloud();
  fake.routes.set('GET /nova/v2.1/os-hypervisors/detail', () => ({ body: { hypervisors } }));
  const stock = { MEMORY_MB: { total: 1000, reserved: 100, allocation_ratio: 1.5 } };
  fake.routes.set('GET /placement/resource_providers/id-cmp1/inventories', () => ({ body: { inventories: stock } }));
  fake.routes.set('GET /placement/resource_providers/id-cmp1/allocations', () => ({ body: { allocations } }));
});
afterEach(() => fake.close());

test.each([
  ['0-1', 'PCPU:2,VCPU:2'],
  ['^0', 'PCPU:3,VCPU:1'],
  ['0,2-3', 'PCPU:3,VCPU:1'],
])('of CPUs that are partly pinned each kind is asked for: %s', async (mask, cpus) => {
  const body = { allocation_requests: [], provider_summaries: {} };
  fake.routes.set('GET /placement/allocation_candidates', () => ({ body }));
  const extraSpecs = { 'hw:cpu_policy': 'mixed', 'hw:cpu_dedicated_mask': mask };
  await fake.connect().candidates(aServer({ flavor: { ...aServer().flavor, vcpus: 4, extraSpecs } }));
  const asked = fake.seen.find(({ path }) => path.endsWith('/allocation_candidates'));
  expect(asked?.query.get('resources')).toBe(`${cpus},MEMORY_MB:512,DISK_GB:1`);
});

const rooms = () => fake.connect().room([cmp1, cmp2]);

test('a host that is taken out of the cloud while it is asked about is left out, and the others are told', async () => {
  for (const what of ['inventories', 'allocations'])
    fake.routes.set(`GET /placement/resource_providers/id-cmp2/${what}`, () => ({ status: 404 }));
  const consumers = [
    { each: { MEMORY_MB: 512 }, number: 2 },
    { each: { MEMORY_MB: 100, DISK_GB: 3 }, number: 1 },
  ];
  const used = { MEMORY_MB: 1124, DISK_GB: 3 };
  expect(await rooms()).toEqual([{ host: cmp1, capacity: { MEMORY_MB: 1350 }, used, consumers }]);
});

test('a place that is kept in a migration’s name is taken, and nobody needs another for it', async () => {
  const [room] = (await fake.connect().room([cmp1], { needsPlace: (_, id) => id !== 's2' })) ?? [];
  expect(room).toMatchObject({ used: { MEMORY_MB: 1124, DISK_GB: 3 } });
  expect(room?.consumers).toEqual([
    { each: { MEMORY_MB: 512 }, number: 1 },
    { each: { MEMORY_MB: 100, DISK_GB: 3 }, number: 1 },
  ]);
});

test('of a host that was told of already only its consumers are asked for', async () => {
  fake.routes.delete('GET /placement/resource_providers/id-cmp1/inventories');
  const told = { host: cmp1, capacity: { MEMORY_MB: 9, VGPU: 1 }, used: { VGPU: 1 } };
  expect(await fake.connect().room([cmp1], { told: [told] })).toEqual([{ ...told, consumers: expect.any(Array) }]);
});

test('before 1.27 candidates tell only of what was asked for: then all of a host is asked for itself', async () => {
  const versions = [{ id: 'v1.0', max_version: '1.26', min_version: '1.0' }];
  fake.routes.set('GET /placement/', () => ({ body: { versions } }));
  const told = { host: cmp1, capacity: { VGPU: 1 }, used: { VGPU: 1 } };
  const [room] = (await fake.connect().room([cmp1], { told: [told] })) ?? [];
  expect(room).toMatchObject({ capacity: { MEMORY_MB: 1350 }, used: { MEMORY_MB: 1124, DISK_GB: 3 } });
});

test('a host of bare-metal machines is no room for servers, and is not asked about once for each of them', async () => {
  const bare = [1, 2].map((n) => ({ id: `n${n}`, hypervisor_hostname: `n${n}`, service: { host: cmp2 } }));
  const body = { hypervisors: [hypervisors[0], ...bare.map((one) => ({ ...one, hypervisor_type: 'ironic' }))] };
  fake.routes.set('GET /nova/v2.1/os-hypervisors/detail', () => ({ body }));
  expect((await rooms())?.map(({ host }) => host)).toEqual([cmp1]);
});

test('what Placement forbids is not known; what it breaks on is an error', async () => {
  for (const [status, what] of [
    [403, null],
    [400, 'error'],
  ] as const) {
    fake.routes.set('GET /placement/resource_providers/id-cmp2/inventories', () => ({ status }));
    fake.routes.set('GET /placement/resource_providers/id-cmp2/allocations', () => ({ status }));
    expect(await rooms().catch(() => 'error')).toBe(what);
  }
});
