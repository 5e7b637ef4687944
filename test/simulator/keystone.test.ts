import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { client, clientWith, cloud, login, request } from './cloud.ts';

let simulator: Simulator;
const alpha = { project: { name: 'alpha', domain: { id: 'default' } } };
const domain = { id: 'default' };

beforeAll(async () => {
  simulator = await cloud();
});
afterAll(() => simulator.stop());

test('refuses a login with one 401 for every reason', async () => {
  const refused = [
    await login(simulator, { user: { name: 'admin', domain, password: 'wrong' } }, alpha),
    await login(simulator, { user: { name: 'nobody', domain, password: 'lab' } }, alpha),
    await login(simulator, { user: { name: 'bob', domain, password: 'lab' } }, alpha),
    await login(simulator, { user: { name: 'alice', domain, password: 'lab' } }, { system: { all: true } }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  expect(refused[0]?.body).toEqual({
    error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' },
  });
});

test('gives tokens of every scope', async () => {
  const admin = { user: { name: 'admin', domain, password: 'lab' } };
  const keys = async (scope?: unknown) => Object.keys((await login(simulator, admin, scope)).body['token'] ?? {});
  expect(await keys()).not.toContain('catalog');
  expect(await keys({ system: { all: true } })).toEqual(expect.arrayContaining(['system', 'roles', 'catalog']));
  expect(await keys({ project: { name: 'admin', domain } })).toEqual(expect.arrayContaining(['project', 'is_domain']));
  const dora = await login(simulator, { user: { name: 'dora', domain, password: 'lab' } }, { domain });
  expect(Object.keys(dora.body['token'] ?? {})).toContain('domain');
});

test('a disabled account can do nothing any more', async () => {
  const admin = await client(simulator);
  const bob = await client(simulator, 'bob');
  const id = simulator.users.find(({ name }) => name === 'bob')?.id;
  await admin.call('PATCH', 'identity', `/users/${id}`, { body: { user: { enabled: false } } });
  expect((await login(simulator, { user: { name: 'bob', domain, password: 'lab' } })).status).toBe(401);
  expect((await bob.call('GET', 'compute', '/servers')).status).toBe(401);
  await admin.call('PATCH', 'identity', `/users/${id}`, { body: { user: { enabled: true } } });
});

test('nova still takes a revoked token that it has seen before', async () => {
  const seen = await client(simulator, 'alice');
  const fresh = await client(simulator, 'alice');
  expect((await seen.call('GET', 'compute', '/servers')).status).toBe(200);
  for (const { call, token } of [seen, fresh]) {
    expect((await call('DELETE', 'identity', '/auth/tokens', { headers: { 'x-subject-token': token } })).status).toBe(
      204,
    );
  }
  expect((await seen.call('GET', 'identity', '/auth/projects')).status).toBe(401);
  expect((await seen.call('GET', 'compute', '/servers')).status).toBe(200);
  expect((await fresh.call('GET', 'compute', '/servers')).status).toBe(401);
});

test('an application credential works, is restricted, and is gone when its row is gone', async () => {
  const ops = await client(simulator, 'ops', alpha);
  const path = `/users/${simulator.users.find(({ name }) => name === 'ops')?.id}/application_credentials`;
  const body = { application_credential: { name: 'bot', roles: [{ name: 'admin' }] } };
  const made = (await ops.call('POST', 'identity', path, { body })).body['application_credential'];
  const identity = {
    methods: ['application_credential'],
    application_credential: { id: made?.['id'], secret: made?.['secret'] },
  };
  const auth = () => request('POST', `${simulator.url}/auth/tokens`, { auth: { identity } });
  const bot = clientWith(await auth());
  expect((await bot.call('GET', 'compute', '/os-services')).status).toBe(200);
  expect((await bot.call('POST', 'identity', path, { body })).status).toBe(403);

  const database = await createConnection(simulator.dsns.keystone);
  await database.query('DELETE FROM application_credential WHERE id = ?', [String(made?.['id'])]);
  await database.end();
  expect((await auth()).status).toBe(404);
  expect((await bot.call('GET', 'identity', '/users')).status).toBe(404);
});

test('a uuid token lives in its table, and dies with its row', async () => {
  const old = await cloud({ tokens: 'uuid', tokenRows: 100, servers: 0 });
  const database = await createConnection(old.dsns.keystone);
  try {
    const alice = await client(old, 'alice');
    expect(alice.token).toMatch(/^[0-9a-f]{32}$/);
    expect((await alice.call('GET', 'identity', '/auth/projects')).status).toBe(200);
    const [rows] = await database.query('SELECT SUM(expires < UTC_TIMESTAMP()) AS expired, COUNT(*) AS n FROM token');
    expect(rows).toEqual([{ expired: '50', n: 101 }]);
    await database.query('DELETE FROM token WHERE id = ?', [alice.token]);
    expect((await alice.call('GET', 'identity', '/auth/projects')).status).toBe(401);
  } finally {
    await database.end();
    await old.stop();
  }
});
