import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostName } from '../../src/openstack/names.ts';
import { type Connected, type FakeCloud, startFakeCloud } from './fake-cloud.ts';

const [cmp1, cmp2] = [HostName.parse('cmp1'), HostName.parse('cmp2')];
const path = '/nova/v2.1/os-migrations';
let fake: FakeCloud;
let cloud: Connected;
let now: number;

beforeEach(async () => {
  fake = await startFakeCloud();
  now = 0;
  cloud = fake.connect({}, { now: () => new Date(now) });
  fake.routes.set(`GET ${path}`, ({ query }) => ({ body: { migrations: [migration(query.get('source_compute'))] } }));
});
afterEach(() => fake.close());

/** Each answer has the next id: who gets which tells who shared. */
function migration(host: string | null) {
  const facts = { migration_type: 'live-migration', status: 'running', source_compute: host };
  return { ...facts, id: fake.count('GET', path), instance_uuid: '11111111-2222-4333-8444-555555555555' };
}

async function latest(host: HostName): Promise<number | undefined> {
  return (await cloud.latestLeaving(host))?.[0]?.id;
}

test('those that look at a host at the same time share one request for its newest migrations', async () => {
  expect(await Promise.all([latest(cmp1), latest(cmp1), latest(cmp2)])).toEqual([1, 1, 2]);
  now = 199;
  expect(await latest(cmp1)).toBe(1);
  now = 200;
  expect(await Promise.all([latest(cmp1), latest(cmp1)])).toEqual([3, 3]);
  const asked = fake.seen.filter((seen) => seen.path === path).map(({ query }) => Object.fromEntries(query));
  expect(asked).toEqual([cmp1, cmp2, cmp1].map((host) => ({ source_compute: host, limit: '50' })));
});

test('one that fails is told to those that shared it, and asked anew after that', async () => {
  fake.routes.set(`GET ${path}`, () => ({ status: 403 }));
  const told = await Promise.allSettled([latest(cmp1), latest(cmp1)]);
  expect(told.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(fake.count('GET', path)).toBe(1);
  now = 200;
  await expect(latest(cmp1)).rejects.toThrow();
  expect(fake.count('GET', path)).toBe(2);
});

test('where Nova gives either all of a host or none, none are asked for', async () => {
  fake.routes.set('GET /nova/v2.1/', () => ({
    body: { version: { id: 'v2.1', version: '2.58', min_version: '2.1' } },
  }));
  expect(await cloud.latestLeaving(cmp1)).toBeNull();
  expect(fake.count('GET', path)).toBe(0);
});
