import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostName } from '../../src/openstack/names.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';

const [cmp1, cmp2] = [HostName.parse('cmp1'), HostName.parse('cmp2')];
const hypervisors = [cmp1, cmp2].map((host) => ({ id: `id-${host}`, hypervisor_hostname: host, service: { host } }));
let fake: FakeCloud;

beforeEach(async () => {
  fake = await startFakeCloud();
  fake.routes.set('GET /nova/v2.1/os-hypervisors/detail', () => ({ body: { hypervisors } }));
  const stock = { MEMORY_MB: { total: 1000, reserved: 100, allocation_ratio: 1.5 } };
  fake.routes.set('GET /placement/resource_providers/id-cmp1/inventories', () => ({ body: { inventories: stock } }));
  fake.routes.set('GET /placement/resource_providers/id-cmp1/usages', () => ({ body: { usages: { MEMORY_MB: 512 } } }));
});
afterEach(() => fake.close());

const rooms = () => fake.connect().room([cmp1, cmp2]);

test('a host that is taken out of the cloud while it is asked about is left out, and the others are told', async () => {
  for (const what of ['inventories', 'usages'])
    fake.routes.set(`GET /placement/resource_providers/id-cmp2/${what}`, () => ({ status: 404 }));
  expect(await rooms()).toEqual([{ host: cmp1, capacity: { MEMORY_MB: 1350 }, used: { MEMORY_MB: 512 } }]);
});

test('what Placement forbids is not known; what it breaks on is an error', async () => {
  for (const [status, what] of [
    [403, null],
    [400, 'error'],
  ] as const) {
    fake.routes.set('GET /placement/resource_providers/id-cmp2/inventories', () => ({ status }));
    fake.routes.set('GET /placement/resource_providers/id-cmp2/usages', () => ({ status }));
    expect(await rooms().catch(() => 'error')).toBe(what);
  }
});
