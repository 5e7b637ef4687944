import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServerId } from '../../src/openstack/names.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';
import { server, uuid } from './fake-servers.ts';

const list = 'GET /nova/v2.1/servers/detail';
const big = { name: 'big', vcpus: 4, ram: 8192, disk: 20 };
let fake: FakeCloud;

beforeEach(async () => {
  fake = await startFakeCloud();
  speaks('2.46');
  fake.routes.set('GET /nova/v2.1/flavors/f-1', () => ({ body: { flavor: { id: 'f-1', ...big } } }));
  fake.routes.set('GET /nova/v2.1/flavors/f-1/os-extra_specs', () => ({
    body: { extra_specs: { 'hw:cpu_policy': 'dedicated' } },
  }));
});
afterEach(() => fake.close());

test('below 2.47 the flavors behind the ids are looked up, each once for all servers and all calls', async () => {
  fake.routes.set(list, () => ({
    body: { servers: ['a', 'b', 'c'].map((name) => server(name, { flavor: { id: 'f-1' } })) },
  }));
  fake.routes.set(`GET /nova/v2.1/servers/${uuid('a')}`, () => ({
    body: { server: server('a', { flavor: { id: 'f-1' } }) },
  }));
  let now = Date.now();
  const cloud = fake.connect({}, { now: () => new Date(now) });

  const wanted = {
    name: 'big',
    vcpus: 4,
    ramMb: 8192,
    diskGb: 20,
    ephemeralGb: null,
    extraSpecs: { 'hw:cpu_policy': 'dedicated' },
  };
  for await (const { flavor } of cloud.servers({})) expect(flavor).toEqual(wanted);
  expect((await cloud.server(ServerId.parse(uuid('a')))).flavor).toEqual(wanted);
  expect(lookups()).toBe(1);

  now += 6 * 60_000;
  await cloud.server(ServerId.parse(uuid('a')));
  expect(lookups()).toBe(2);
});

test('a flavor that was deleted leaves its servers without figures, and is not asked for again', async () => {
  fake.routes.set(list, () => ({
    body: { servers: ['a', 'b'].map((name) => server(name, { flavor: { id: 'f-gone' } })) },
  }));
  const cloud = fake.connect();

  for await (const { flavor } of cloud.servers({})) expect(flavor).toMatchObject({ name: 'f-gone', ramMb: null });
  expect(fake.count('GET', '/nova/v2.1/flavors/f-gone')).toBe(1);
});

test('a flavor that cannot be read just now is an error, and asked for again', async () => {
  let times = 0;
  fake.routes.set('GET /nova/v2.1/flavors/f-1', () => {
    times += 1;
    return times <= 3 ? { status: 503, body: '' } : { body: { flavor: { id: 'f-1', ...big } } };
  });
  fake.routes.set(`GET /nova/v2.1/servers/${uuid('a')}`, () => ({
    body: { server: server('a', { flavor: { id: 'f-1' } }) },
  }));
  const cloud = fake.connect();

  await expect(cloud.server(ServerId.parse(uuid('a')))).rejects.toMatchObject({ problem: 'unavailable' });
  expect((await cloud.server(ServerId.parse(uuid('a')))).flavor.vcpus).toBe(4);
});

test('from 2.47 no flavor is looked up', async () => {
  speaks('2.47');
  fake.routes.set(list, () => ({ body: { servers: [server('a')] } }));

  for await (const { flavor } of fake.connect().servers({})) expect(flavor.ramMb).toBe(512);
  expect(lookups()).toBe(0);
});

function lookups(): number {
  return fake.count('GET', '/nova/v2.1/flavors/f-1');
}

function speaks(version: string): void {
  fake.routes.set('GET /nova/v2.1/', () => ({ body: { version: { id: 'v2.1', version, min_version: '2.1' } } }));
}
