import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostName } from '../../src/openstack/names.ts';
import { type FakeCloud, type Seen, service, startFakeCloud } from './fake-cloud.ts';
import { server, uuid } from './fake-servers.ts';

const list = 'GET /nova/v2.1/servers/detail';
let fake: FakeCloud;
beforeEach(async () => {
  fake = await startFakeCloud();
});
afterEach(() => fake.close());

test('a list is followed by marker, whatever host the links name, and each page asks for all projects', async () => {
  fake.routes.set(list, pages(['a', 'b', 'c', 'd', 'e'], 2));

  expect(await names({})).toEqual(['a', 'b', 'c', 'd', 'e']);
  const asked = fake.seen.filter(({ path }) => path.endsWith('/detail')).map(({ query }) => Object.fromEntries(query));
  expect(asked.map(({ marker }) => marker)).toEqual([undefined, uuid('b'), uuid('d')]);
  expect(asked[1]).toMatchObject({ all_tenants: '1', limit: '1000', sort_key: 'uuid', sort_dir: 'asc' });
});

test('when the marker has vanished the walk begins again and gives nothing twice', async () => {
  let all = ['a', 'b', 'c', 'd', 'e'];
  fake.routes.set(list, (seen) => {
    const marker = seen.query.get('marker');
    if (marker === uuid('b')) all = ['a', 'c', 'd', 'e'];
    if (marker === uuid('b'))
      return { status: 400, body: { badRequest: { code: 400, message: `marker [${marker}] not found` } } };
    return pages(all, 2)(seen);
  });

  expect(await names({})).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('any other 400 is an error', async () => {
  fake.routes.set(list, () => ({
    status: 400,
    body: { badRequest: { code: 400, message: 'Invalid input for query parameters status.' } },
  }));

  await expect(names({ status: 'nonsense' })).rejects.toMatchObject({ problem: 'bad-request' });
});

test('a host filter that Nova ignored is an error, never a list of other servers', async () => {
  fake.routes.set(list, () => ({ body: { servers: [server('a', { 'OS-EXT-SRV-ATTR:host': undefined })] } }));
  await expect(names({ host: HostName.parse('cmp1') })).rejects.toMatchObject({ problem: 'forbidden' });

  fake.routes.set(list, () => ({ body: { servers: [server('a', { 'OS-EXT-SRV-ATTR:host': 'cmp2' })] } }));
  await expect(names({ host: HostName.parse('cmp1') })).rejects.toThrow('the token is not admin');
});

test('soft-deleted servers are asked for in the one way that lists them', async () => {
  fake.routes.set(list, () => ({ body: { servers: [] } }));

  await names({ softDeleted: true, host: HostName.parse('cmp1') });

  expect(Object.fromEntries(fake.seen.at(-1)?.query ?? [])).toMatchObject({
    soft_deleted: '1',
    status: 'SOFT_DELETED',
    host: 'cmp1',
  });
});

test('a server in a cell that is down is a stub and stays one', async () => {
  fake.routes.set(list, () => ({
    body: {
      servers: [{ id: uuid('a'), status: 'UNKNOWN', tenant_id: 'p1', created: '2026-11-22T22:21:16Z', links: [] }],
    },
  }));

  const [stub] = await all(fake.connect().servers({}));

  expect(stub).toMatchObject({
    status: 'UNKNOWN',
    host: null,
    locked: null,
    pinnedZone: undefined,
    flavor: { vcpus: null },
  });
});

test('a server says what the cloud says, and nothing where the cloud is too old to know', async () => {
  fake.routes.set(list, () => ({
    body: {
      servers: [server('a', { pinned_availability_zone: null, locked: true, locked_reason: 'db' }), server('b')],
    },
  }));

  const [a, b] = await all(fake.connect().servers({}));

  expect(a).toMatchObject({
    pinnedZone: null,
    locked: true,
    lockedReason: 'db',
    host: 'cmp1',
    bootsFromVolume: true,
    flavor: { name: 'small', vcpus: 1 },
  });
  expect(b?.pinnedZone).toBeUndefined();
  expect(a?.createdAt).toEqual(new Date('2026-11-22T22:21:16Z'));
});

test('a server is found by name exactly, and by the beginning of its uuid without reading further than needed', async () => {
  const everyone = [server('a', { name: 'Web.1' }), server('b', { name: 'web.1' }), server('c', { name: 'db' })];
  fake.routes.set('GET /nova/v2.1/servers', ({ query }) => {
    const pattern = query.get('name');
    return {
      body: {
        servers:
          pattern === null ? everyone : everyone.filter(({ name }) => new RegExp(pattern, 'i').test(String(name))),
      },
    };
  });
  for (const one of everyone) fake.routes.set(`GET /nova/v2.1/servers/${one['id']}`, () => ({ body: { server: one } }));
  const cloud = fake.connect();

  expect((await cloud.findServers('web.1', 5)).map(({ name }) => name)).toEqual(['web.1']);
  expect(fake.seen.find(({ query }) => query.has('name'))?.query.get('name')).toBe('^web\\.1$');
  expect((await cloud.findServers(uuid('c').slice(0, 6), 5)).map(({ name }) => name)).toEqual(['db']);
  expect(await cloud.findServers('ffff', 5)).toEqual([]);
});

test('services of a cell that is down are unknown, and a host is matched whole', async () => {
  fake.routes.set('GET /nova/v2.1/os-services', () => ({
    body: {
      services: [service('cmp1'), service('cmp11'), { binary: 'nova-compute', host: 'far1', status: 'UNKNOWN' }],
    },
  }));
  const cloud = fake.connect();

  expect((await cloud.services()).map(({ host, status }) => `${host} ${status}`)).toEqual([
    'cmp1 enabled',
    'cmp11 enabled',
    'far1 unknown',
  ]);
  expect((await cloud.computeService(HostName.parse('cmp1')))?.host).toBe('cmp1');
  expect(await cloud.computeService(HostName.parse('cmp'))).toBeNull();
});

test('hypervisors of a host are matched by their service, and tell their servers', async () => {
  const one = {
    id: 'f6f4d2b5-6a46-42ea-a91d-9557a37f80dd',
    hypervisor_hostname: 'cmp1.example.net',
    state: 'up',
    status: 'enabled',
    service: { id: 's', host: 'cmp1' },
    vcpus: 64,
    vcpus_used: 3,
    memory_mb: 1024,
    memory_mb_used: 512,
    running_vms: 1,
  };
  fake.routes.set('GET /nova/v2.1/os-hypervisors/detail', () => ({
    body: { hypervisors: [one, { ...one, id: 'x', service: { id: 't', host: 'cmp2' } }] },
  }));
  fake.routes.set(`GET /nova/v2.1/os-hypervisors/${one.id}`, () => ({
    body: { hypervisor: { ...one, servers: [{ name: 'i', uuid: uuid('a') }] } },
  }));

  const [found, ...others] = await fake.connect().hypervisors({ host: HostName.parse('cmp1') });

  expect(found).toMatchObject({
    hostname: 'cmp1.example.net',
    servers: [uuid('a')],
    usage: { vcpus: 64, vcpusUsed: 3 },
  });
  expect(others).toEqual([]);
});

test('migrations come newest first; before 2.59 without paging, which that age does not know', async () => {
  const migrations = [migration(1, '22:00'), migration(3, '22:02'), migration(2, '22:01')];
  fake.routes.set('GET /nova/v2.1/os-migrations', () => ({ body: { migrations } }));
  expect((await fake.connect().migrations({ limit: 2 })).map(({ id }) => id)).toEqual([3, 2]);
  expect(fake.seen.at(-1)?.query.get('limit')).toBe('2');

  fake.routes.set('GET /nova/v2.1/', () => ({
    body: { version: { id: 'v2.1', version: '2.58', min_version: '2.1' } },
  }));
  expect((await fake.connect().migrations({ limit: 1 })).map(({ id }) => id)).toEqual([3]);
  expect(fake.seen.at(-1)?.query.has('limit')).toBe(false);
});

test('Placement that forbids is no answer, and one that is not there is none either', async () => {
  fake.routes.set('GET /nova/v2.1/os-hypervisors/detail', () => ({
    body: { hypervisors: [{ id: 'x', hypervisor_hostname: 'cmp1', service: { host: 'cmp1' } }] },
  }));
  fake.routes.set('GET /nova/v2.1/os-hypervisors/x', () => ({
    body: { hypervisor: { id: 'x', hypervisor_hostname: 'cmp1', service: { host: 'cmp1' }, servers: [] } },
  }));
  fake.routes.set('GET /placement/resource_providers', () => ({
    status: 403,
    body: { errors: [{ status: 403, detail: 'policy' }] },
  }));

  expect(await fake.connect().allocations(HostName.parse('cmp1'))).toBeNull();
  expect(await fake.connect().agents(HostName.parse('cmp1'))).toBeNull();
});

async function names(filter: Parameters<ReturnType<FakeCloud['connect']>['servers']>[0]): Promise<string[]> {
  return (await all(fake.connect().servers(filter))).map(({ name }) => name);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = [];
  for await (const item of items) gathered.push(item);
  return gathered;
}

function pages(of: string[], size: number) {
  return ({ query }: Seen) => {
    const marker = query.get('marker');
    const from = marker === null ? 0 : of.findIndex((name) => uuid(name) === marker) + 1;
    const page = of.slice(from, from + size).map((name) => server(name));
    const next = [
      {
        rel: 'next',
        href: `https://inside.example/v2.1/servers/detail?limit=2&marker=${uuid(of[from + size - 1] ?? '')}`,
      },
    ];
    return { body: { servers: page, ...(page.length === size && { servers_links: next }) } };
  };
}

function migration(id: number, at: string): object {
  return {
    id,
    instance_uuid: uuid('a'),
    migration_type: 'live-migration',
    status: 'completed',
    source_compute: 'cmp1',
    dest_compute: 'cmp2',
    created_at: `2026-11-22T${at}:00.000000`,
    updated_at: null,
  };
}
