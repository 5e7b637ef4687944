import { afterEach, beforeEach, expect, test } from 'vitest';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { HostName, ServerId } from '../../src/openstack/names.ts';
import { type FakeCloud, loginAnswer, novaVersions, startFakeCloud } from './fake-cloud.ts';

const id = ServerId.parse('20bea6ea-58b1-40a5-bd82-a67023188df1');
const action = `/nova/v2.1/servers/${id}/action`;
let fake: FakeCloud;
beforeEach(async () => {
  fake = await startFakeCloud();
});
afterEach(() => fake.close());

function limits(ms = 5000) {
  return { signal: new AbortController().signal, notAfter: performance.now() + ms };
}

test('a read whose connection is cut is asked again, with growing waits', async () => {
  let times = 0;
  fake.routes.set('GET /nova/v2.1/os-services', () => {
    times += 1;
    return times < 3 ? (times === 1 ? 'cut' : { status: 503, body: 'busy' }) : { body: { services: [] } };
  });
  const slept: number[] = [];

  expect(await fake.connect({}, { slept }).services()).toEqual([]);
  expect(times).toBe(3);
  expect(slept[0]).toBeGreaterThanOrEqual(100);
  expect(slept[1]).toBeGreaterThanOrEqual(400);
});

test('a read that never succeeds ends after three attempts', async () => {
  fake.routes.set('GET /nova/v2.1/os-services', () => ({
    status: 503,
    body: '<html><body>No server is available</body></html>',
  }));

  await expect(fake.connect().services()).rejects.toMatchObject({
    problem: 'unavailable',
    facts: { said: 'No server is available' },
  });
  expect(fake.count('GET', '/nova/v2.1/os-services')).toBe(3);
});

test('a change is never sent twice: not on a cut connection, not on a 503, not on a silence', async () => {
  const cloud = fake.connect({ timeoutMs: 300 });
  for (const said of ['cut', { status: 503, body: '' }, 'silence'] as const) {
    fake.seen.length = 0;
    fake.routes.set(`POST ${action}`, () => said);
    const problem = await cloud
      .unlock(id, limits())
      .catch((error: unknown) => (error instanceof OpenStackError ? error.problem : error));
    expect(problem).toBe(said === 'silence' ? 'timeout' : 'unavailable');
    expect(fake.count('POST', action)).toBe(1);
  }
});

test('a change whose time to leave is over does not leave, even where only the connection took too long', async () => {
  const cloud = fake.connect();
  await cloud.services();

  await expect(cloud.unlock(id, limits(-1))).rejects.toMatchObject({ problem: 'not-sent' });
  expect(fake.count('POST', action)).toBe(0);

  const nobody = fake.connect({ endpointOverrides: { compute: 'http://127.0.0.1:1/v2.1' } });
  await expect(nobody.unlock(id, limits())).rejects.toMatchObject({ problem: 'unavailable' });
});

test('a change whose connection cannot be made was not sent', async () => {
  const cloud = fake.connect();
  await cloud.services();
  await fake.close();

  await expect(cloud.unlock(id, limits())).rejects.toMatchObject({ problem: 'not-sent' });
  fake = await startFakeCloud();
});

test('an aborted step ends with its own reason, and nothing is sent', async () => {
  const cloud = fake.connect();
  const signal = AbortSignal.abort('fenced');

  await expect(cloud.unlock(id, { signal, notAfter: performance.now() + 5000 })).rejects.toBe('fenced');
  expect(fake.count('POST', action)).toBe(0);
});

test('each call takes the newest version both sides know, in both headers', async () => {
  fake.routes.set('GET /nova/v2.1/', () => ({
    body: { version: { id: 'v2.1', version: '2.100', min_version: '2.1' } },
  }));
  fake.routes.set(`POST ${action}`, () => ({ status: 202 }));
  const cloud = fake.connect();
  await cloud.services();
  await cloud.liveMigrate(id, { host: null, block: 'auto' }, limits());

  expect(fake.seen.find(({ path }) => path.endsWith('/os-services'))?.headers).toMatchObject({
    'openstack-api-version': 'compute 2.69',
    'x-openstack-nova-api-version': '2.69',
  });
  expect(fake.seen.at(-1)?.headers['openstack-api-version']).toBe('compute 2.90');
  expect(fake.seen.at(-1)?.body).toEqual({ 'os-migrateLive': { host: null, block_migration: 'auto' } });
});

test.each([
  ['2.24', { 'os-migrateLive': { host: null, block_migration: false, disk_over_commit: false } }, { lock: null }],
  ['2.25', { 'os-migrateLive': { host: null, block_migration: 'auto' } }, { lock: null }],
  ['2.73', { 'os-migrateLive': { host: null, block_migration: 'auto' } }, { lock: { locked_reason: 'db' } }],
])('at %s a move and a lock have the shape of that age', async (max, move, lock) => {
  fake.routes.set('GET /nova/v2.1/', () => ({ body: { version: { id: 'v2.1', version: max, min_version: '2.1' } } }));
  fake.routes.set(`POST ${action}`, () => ({ status: 202 }));
  const cloud = fake.connect();

  await cloud.liveMigrate(id, { host: null, block: 'auto' }, limits());
  await cloud.lock(id, 'db', limits());

  expect(fake.seen.filter(({ path }) => path === action).map(({ body }) => body)).toEqual([move, lock]);
});

test('what an old cloud would take and ignore is not sent to it', async () => {
  fake.routes.set('GET /nova/v2.1/', () => ({
    body: { version: { id: 'v2.1', version: '2.23', min_version: '2.1' } },
  }));
  const cloud = fake.connect();

  await expect(cloud.coldMigrate(id, { host: HostName.parse('cmp2') }, limits())).rejects.toMatchObject({
    problem: 'unsupported',
  });
  await expect(cloud.abortMigration(id, 7, limits())).rejects.toMatchObject({ problem: 'unsupported' });
  expect(fake.seen.some(({ method, path }) => method !== 'GET' && path.startsWith('/nova'))).toBe(false);
});

test('a host is disabled by uuid from 2.53 and by name before', async () => {
  const put = (path: string) => fake.routes.set(`PUT ${path}`, () => ({ body: { service: {} } }));
  put('/nova/v2.1/os-services/7809b3a7-8fe8-4591-b278-e880ea88aa40');
  put('/nova/v2.1/os-services/disable-log-reason');
  await fake.connect().disableService(HostName.parse('cmp1'), 'fan', limits());
  expect(fake.seen.at(-1)?.body).toEqual({ status: 'disabled', disabled_reason: 'fan' });

  fake.routes.set('GET /nova/v2.1/', () => ({
    body: { version: { id: 'v2.1', version: '2.52', min_version: '2.1' } },
  }));
  await fake.connect().disableService(HostName.parse('cmp1'), 'fan', limits());
  expect(fake.seen.at(-1)?.body).toEqual({ host: 'cmp1', binary: 'nova-compute', disabled_reason: 'fan' });
});

test('a catalog that says /v2/ is led to v2.1, on the catalog’s own host', async () => {
  fake.routes.set('POST /identity/v3/auth/tokens', () => loginAnswer(fake.url, { compute: `${fake.url}/nova/v2/p1` }));
  fake.routes.set('GET /nova/', () => ({ status: 300, body: novaVersions() }));
  fake.routes.set('GET /nova/v2.1/p1/os-services', () => ({ body: { services: [] } }));

  expect(await fake.connect().services()).toEqual([]);
  expect(fake.count('GET', '/nova/v2.1/p1/os-services')).toBe(1);
});

test('refusals are told apart by meaning', async () => {
  const cloud = fake.connect();
  const cases: [number, object, object, string][] = [
    [400, {}, { badRequest: { code: 400, message: 'Invalid input' } }, 'bad-request'],
    [403, {}, { forbidden: { code: 403, message: "Policy doesn't allow" } }, 'forbidden'],
    [403, {}, { forbidden: { code: 403, message: 'Quota exceeded for cores' } }, 'over-quota'],
    [404, {}, { itemNotFound: { code: 404, message: 'gone' } }, 'not-found'],
    [406, {}, { computeFault: { code: 406, message: 'Version 2.999 is not supported' } }, 'unsupported'],
    [409, {}, { conflictingRequest: { code: 409, message: 'Instance x is locked' } }, 'conflict'],
    [413, { 'retry-after': '5' }, { overLimit: { code: 413, message: 'slow' } }, 'rate-limited'],
    [413, {}, { overLimit: { code: 413, message: 'too much' } }, 'over-quota'],
    [429, {}, {}, 'rate-limited'],
    [501, {}, { notImplemented: { code: 501, message: 'no' } }, 'unsupported'],
    [500, {}, { computeFault: { code: 500, message: 'Unexpected API Error' } }, 'unavailable'],
  ];
  for (const [status, headers, body, problem] of cases) {
    fake.routes.set('GET /nova/v2.1/os-services', () => ({ status, headers: { ...headers }, body }));
    await expect(cloud.services()).rejects.toMatchObject({ problem, facts: { status, requestId: 'req-of-the-cloud' } });
  }
});

test('nothing secret reaches a message or the log', async () => {
  const logged: string[] = [];
  const cloud = fake.connect({}, { logged });
  fake.routes.set('GET /nova/v2.1/os-services', ({ headers }) => ({
    status: 400,
    body: {
      badRequest: {
        code: 400,
        message: `token ${headers['x-auth-token']} X-Auth-Token: ${headers['x-auth-token']} "password": "hunter2" mysql://root:hunter2@db`,
      },
    },
  }));

  const error: unknown = await cloud.services({ host: HostName.parse('cmp1') }).catch((thrown: unknown) => thrown);

  const said = [String(error), JSON.stringify(error), ...logged].join('\n');
  expect(said).toContain('GET compute /os-services answered 400');
  expect(said).not.toMatch(/hunter2|X-Auth-Token: gAAAA|host=cmp1/);
  expect(logged.every((line) => line.includes('"ownId":"req-'))).toBe(true);
});
