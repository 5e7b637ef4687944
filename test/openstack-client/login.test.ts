import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CredentialGate } from '../../src/openstack/keystone.ts';
import { HostName } from '../../src/openstack/names.ts';
import { type FakeCloud, loginAnswer, startFakeCloud, token } from './fake-cloud.ts';

const login = 'POST /identity/v3/auth/tokens';
let fake: FakeCloud;
beforeEach(async () => {
  fake = await startFakeCloud();
});
afterEach(() => fake.close());

test('twenty calls at once log in once and look at the versions once', async () => {
  const cloud = fake.connect();

  await Promise.all(Array.from({ length: 20 }, () => cloud.services()));

  expect(logins()).toBe(1);
  expect(fake.count('GET', '/nova/v2.1/')).toBe(1);
  expect(fake.count('GET', '/nova/v2.1/os-services')).toBe(20);
});

test('a refused token means one new login, however many held it', async () => {
  const cloud = fake.connect();
  await cloud.services();
  const old = lastToken();
  fake.routes.set('GET /nova/v2.1/os-services', ({ headers }) =>
    headers['x-auth-token'] === old
      ? { status: 401, body: { error: { code: 401, message: 'The request you have made requires authentication.' } } }
      : { body: { services: [] } },
  );

  await Promise.all(Array.from({ length: 10 }, () => cloud.services()));

  expect(logins()).toBe(2);
});

test('a second 401 is final and names what else it may mean', async () => {
  fake.routes.set('GET /nova/v2.1/os-services', () => ({ status: 401, body: 'Authentication required' }));

  await expect(fake.connect().services()).rejects.toMatchObject({
    problem: 'unauthorized',
    message: expect.stringContaining('access rules'),
  });
  expect(logins()).toBe(2);
  expect(fake.count('GET', '/nova/v2.1/os-services')).toBe(2);
});

test('a change that was refused for its token is sent once more', async () => {
  const cloud = fake.connect();
  let times = 0;
  fake.routes.set('PUT /nova/v2.1/os-services/7809b3a7-8fe8-4591-b278-e880ea88aa40', () => {
    times += 1;
    return times === 1 ? { status: 401, body: '' } : { body: { service: {} } };
  });

  await cloud.enableService(HostName.parse('cmp1'), {
    signal: new AbortController().signal,
    notAfter: performance.now() + 5000,
  });

  expect(times).toBe(2);
});

test('a token within 30 seconds of its end is not used any more', async () => {
  let now = Date.now();
  const cloud = fake.connect({}, { now: () => new Date(now) });
  await cloud.services();
  now += 3_600_000 - 31_000;
  await cloud.services();
  expect(logins()).toBe(1);

  now += 2000;
  await cloud.services();
  expect(logins()).toBe(2);
});

test('a refused login is told to everybody and never tried again', async () => {
  fake.routes.set(login, () => ({
    status: 401,
    body: {
      error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' },
    },
  }));
  const gate = memoryGate();
  const cloud = fake.connect({}, { gate });

  await Promise.allSettled(Array.from({ length: 5 }, () => cloud.services()));
  await expect(cloud.services()).rejects.toMatchObject({ problem: 'credential-bad' });
  await expect(fake.connect({}, { gate }).services()).rejects.toThrow('Keystone refused the login of user vigie');
  expect(logins()).toBe(1);

  fake.routes.set(login, () => loginAnswer(fake.url));
  await fake.connect({ fingerprint: 'f2' }, { gate }).services();
  expect(logins()).toBe(2);
});

test('a login that got no answer leaves the credential good', async () => {
  fake.routes.set(login, () => 'cut');
  const gate = memoryGate();
  const cloud = fake.connect({}, { gate });

  await expect(cloud.services()).rejects.toMatchObject({ problem: 'unavailable' });
  expect(logins()).toBe(1);

  fake.routes.set(login, () => loginAnswer(fake.url));
  expect(await cloud.services()).toHaveLength(1);
});

test('an application credential logs in without a scope, and one that was deleted is bad', async () => {
  const config = { login: { kind: 'application-credential', id: 'i', name: null, user: null, secret: 's' } as const };
  await fake.connect(config).services();
  expect(fake.seen[0]?.body).toEqual({
    auth: { identity: { methods: ['application_credential'], application_credential: { id: 'i', secret: 's' } } },
  });

  fake.routes.set(login, () => ({
    status: 404,
    body: { error: { code: 404, message: 'Could not find Application Credential: i.' } },
  }));
  await expect(fake.connect(config).services()).rejects.toMatchObject({ problem: 'credential-bad' });
});

test('who the token is can be told: admin, scoped to the system, or neither', async () => {
  expect(await fake.connect().about()).toMatchObject({
    admin: true,
    project: 'admin',
    user: 'vigie',
    computeVersion: { major: 2, minor: 93 },
  });

  fake.routes.set(login, () =>
    loginAnswer(fake.url, { body: token(3_600_000, { project: undefined, system: { all: true } }) }),
  );
  expect(await fake.connect().about()).toMatchObject({ admin: true, project: null });

  fake.routes.set(login, () => loginAnswer(fake.url, { body: token(3_600_000, { roles: [{ name: 'member' }] }) }));
  expect(await fake.connect().about()).toMatchObject({ admin: false, roles: ['member'] });
});

test('a region the catalog does not have is named, with those it has', async () => {
  await expect(fake.connect({ region: 'north' }).services()).rejects.toThrow(
    "in region north (the catalog's regions: east, west)",
  );
});

function logins(): number {
  return fake.count('POST', '/identity/v3/auth/tokens');
}

function lastToken(): unknown {
  return fake.seen.at(-1)?.headers['x-auth-token'];
}

function memoryGate(): CredentialGate {
  const bad = new Map<string, string>();
  return {
    isBad: async (cloud, fingerprint) => bad.get(`${cloud} ${fingerprint}`) ?? null,
    markBad: async (cloud, fingerprint, why) => void bad.set(`${cloud} ${fingerprint}`, why),
    alone: (_cloud, _fingerprint, login) => login(),
  };
}
