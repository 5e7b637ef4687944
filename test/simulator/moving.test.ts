import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { act, type Client, client, cloud, eventually, migrationsOf, see } from './cloud.ts';

let simulator: Simulator;
let admin: Client;
let alice: Client;
const live = (host: string | null = null) => ({ 'os-migrateLive': { host, block_migration: 'auto' } });

beforeAll(async () => {
  simulator = await cloud({ servers: 0 });
  admin = await client(simulator);
  alice = await client(simulator, 'alice');
});
afterAll(() => simulator.stop());
beforeEach(() => simulator.control.migration({ seconds: 0, clear: true }));

async function newServer(name: string, host = 'cmp1', more: object = {}): Promise<string> {
  return (await simulator.control.createServer({ name, host, ...more })).id;
}

const rested = (id: string) =>
  eventually(
    () => see(admin, id),
    ({ task }) => task === null,
  );
const ended = (id: string) =>
  eventually(
    async () => String((await migrationsOf(admin, id))[0]?.['status']),
    (status) => ['completed', 'failed', 'error', 'cancelled', 'finished', 'confirmed', 'done'].includes(status),
  );

test('a live migration is accepted, and ends elsewhere', async () => {
  const id = await newServer('moves');
  expect((await act(admin, id, live())).status).toBe(202);
  expect(await ended(id)).toBe('completed');
  const after = await rested(id);
  expect(after).toMatchObject({ status: 'ACTIVE', task: null });
  expect(after.host).not.toBe('cmp1');
});

test('after the 202 there is nothing to see for a moment', async () => {
  const slow = await cloud({ speed: 1, servers: 0 });
  try {
    const root = await client(slow);
    const { id } = await slow.control.createServer({ name: 'unseen' });
    expect((await act(root, id, live())).status).toBe(202);
    expect(await migrationsOf(root, id)).toEqual([]);
    expect(await see(root, id)).toMatchObject({ status: 'MIGRATING', task: 'migrating' });
  } finally {
    await slow.stop();
  }
});

test('before 2.34 what is wrong is said at once, after it is told later', async () => {
  const id = await newServer('stays');
  const early = await act(admin, id, live('cmp1'), '2.25');
  expect(early.status).toBe(400);
  expect(early.body['badRequest']?.['message']).toBe(`Unable to migrate instance (${id}) to current host (cmp1).`);
  expect((await act(admin, id, live('cmp1'))).status).toBe(202);
  expect(await ended(id)).toBe('error');
  expect(await rested(id)).toMatchObject({ status: 'ACTIVE', host: 'cmp1' });
});

test.each([
  ['precheck', 'error', 'ACTIVE', 'Error'],
  ['pre', 'failed', 'ACTIVE', 'Error'],
  ['run', 'failed', 'ACTIVE', null],
  ['crash', 'error', 'ERROR', null],
] as const)('a migration that fails in %s ends %s, %s', async (phase, migration, status, message) => {
  await simulator.control.migration({ fail: [{ phase, glob: 'doomed-*' }] });
  const id = await newServer(`doomed-${phase}`);
  await act(admin, id, live());
  await eventually(
    async () => String((await migrationsOf(admin, id))[0]?.['status']),
    (seen) => seen === migration,
  );
  expect(await rested(id)).toMatchObject({ status, host: 'cmp1' });
  const actions = await admin.call('GET', 'compute', `/servers/${id}/os-instance-actions`, { version: '2.90' });
  expect(actions.body['instanceActions']?.[0]?.['message']).toBe(message);
});

test('one leaves a host at a time; a queued one can be aborted from 2.65, a running one forced', async () => {
  await simulator.control.migration({ fail: [{ phase: 'hang', glob: 'queue-*' }] });
  const [first, second] = [await newServer('queue-1'), await newServer('queue-2')];
  const running = async (id: string) => {
    const { body } = await admin.call('GET', 'compute', `/servers/${id}/migrations`, { version: '2.90' });
    return body['migrations']?.[0];
  };
  await act(admin, first, live());
  const one = await eventually(
    () => running(first),
    (seen) => String(seen?.['status']) === 'running',
  );
  await act(admin, second, live());
  const two = await eventually(
    () => running(second),
    (seen) => String(seen?.['status']) === 'queued',
  );

  const abort = (version: string) =>
    admin.call('DELETE', 'compute', `/servers/${second}/migrations/${two?.['id']}`, { version });
  expect((await abort('2.64')).status).toBe(400);
  expect((await abort('2.65')).status).toBe(202);
  expect(await ended(second)).toBe('cancelled');

  const path = `/servers/${first}/migrations/${one?.['id']}/action`;
  const forced = await admin.call('POST', 'compute', path, { body: { force_complete: null }, version: '2.22' });
  expect(forced.status).toBe(202);
  expect(await ended(first)).toBe('completed');
});

test('the old form without a check takes a disabled host, the new one does not', async () => {
  const id = await newServer('wanders');
  const services = await admin.call('GET', 'compute', '/os-services?host=cmp2', { version: '2.90' });
  const path = `/os-services/${services.body['services']?.[0]?.['id']}`;
  await admin.call('PUT', 'compute', path, { body: { status: 'disabled' }, version: '2.90' });
  await act(admin, id, live('cmp2'));
  expect(await ended(id)).toBe('error');
  await rested(id);
  expect((await act(admin, id, live('cmp2'), '2.25')).status).toBe(202);
  expect(
    (
      await eventually(
        () => see(admin, id),
        ({ host }) => host === 'cmp2',
      )
    ).host,
  ).toBe('cmp2');
  await admin.call('PUT', 'compute', path, { body: { status: 'enabled' }, version: '2.90' });
});

test('a cold migration waits for its yes, and a stopped server stays stopped', async () => {
  const id = await newServer('cold');
  await act(alice, id, { 'os-stop': null });
  await eventually(
    () => see(admin, id),
    ({ status }) => status === 'SHUTOFF',
  );
  expect((await act(admin, id, { migrate: null })).status).toBe(202);
  await eventually(
    () => see(admin, id),
    ({ status }) => status === 'VERIFY_RESIZE',
  );
  expect((await act(admin, id, { migrate: null })).status).toBe(409);
  expect((await act(alice, id, { confirmResize: null })).status).toBe(204);
  await eventually(
    () => see(admin, id),
    ({ status }) => status === 'SHUTOFF',
  );
});

test('anti-affinity keeps two servers apart, and no room means no host', async () => {
  const body = { server_group: { name: 'apart', policy: 'anti-affinity' } };
  const made = await alice.call('POST', 'compute', '/os-server-groups', { body, version: '2.90' });
  const group = String(made.body['server_group']?.['id']);
  const ids = [];
  for (const host of ['cmp1', 'cmp2', 'cmp3', 'cmp4']) ids.push(await newServer(`apart-${host}`, host, { group }));
  await act(admin, ids[0] ?? '', live());
  expect(await ended(ids[0] ?? '')).toBe('error');
});

test('a dead host: its servers say ACTIVE, are evacuated, and it comes back clean', async () => {
  const id = await newServer('stranded', 'cmp3');
  expect((await act(admin, id, { evacuate: {} })).status).toBe(400);
  await simulator.control.killCompute('cmp3');
  const state = async () => {
    const { body } = await admin.call('GET', 'compute', '/os-services?host=cmp3', { version: '2.90' });
    return body['services']?.[0];
  };
  const down = await eventually(state, (seen) => String(seen?.['state']) === 'down');
  expect(await see(admin, id)).toMatchObject({ status: 'ACTIVE', host: 'cmp3' });
  const path = `/os-services/${down?.['id']}`;
  await admin.call('PUT', 'compute', path, { body: { forced_down: true }, version: '2.90' });
  expect((await act(admin, id, { evacuate: {} })).status).toBe(200);
  expect(await ended(id)).toBe('done');
  const up = () => admin.call('PUT', 'compute', path, { body: { forced_down: false }, version: '2.90' });
  expect((await up()).status).toBe(400);
  await simulator.control.startCompute('cmp3');
  await eventually(
    async () => (await up()).status,
    (status) => status === 200,
  );
  expect((await migrationsOf(admin, id))[0]?.['status']).toBe('completed');
});

test('nova-compute died in a copy: started again it ends that one before it takes what waits in its queue', async () => {
  await simulator.control.migration({ seconds: 1000 });
  const [copied, next] = [await newServer('copied', 'cmp2'), await newServer('next', 'cmp2')];
  const statuses = async () => {
    const latest = await Promise.all([copied, next].map((id) => migrationsOf(admin, id)));
    return latest.map(([newest]) => newest?.['status']).join();
  };
  await act(admin, copied, live());
  await eventually(statuses, (seen) => seen.startsWith('running'));
  await simulator.control.killCompute('cmp2');
  await act(admin, next, live());
  await eventually(statuses, (seen) => seen === 'running,accepted');
  await simulator.control.migration({ seconds: 0 });
  await simulator.control.startCompute('cmp2');
  expect(await ended(next)).toBe('completed');
  const journal = (await simulator.control.journal()).filter(({ server }) => server === copied || server === next);
  const of = (server: string, status: string) =>
    journal.findIndex((one) => one.server === server && one.status === status);
  expect(of(copied, 'error')).toBeGreaterThan(-1);
  expect(of(copied, 'error')).toBeLessThan(of(next, 'queued'));
});

test('asked with 2.95 an evacuated guest is left stopped, with 2.94 it runs again', async () => {
  const newer = await cloud({ servers: 0, maxMicroversion: '2.96' });
  try {
    const root = await client(newer);
    const [old, young] = await Promise.all(
      ['old', 'young'].map((name) => newer.control.createServer({ name, host: 'cmp3' })),
    );
    await newer.control.killCompute('cmp3');
    const ask = (id = '', version: string) =>
      eventually(
        async () => (await act(root, id, { evacuate: {} }, version)).status,
        (status) => status === 200,
      );
    await ask(old?.id, '2.94');
    await ask(young?.id, '2.95');
    const there = (id = '') =>
      eventually(
        () => see(root, id),
        ({ host, task }) => host !== 'cmp3' && task === null,
      );
    expect(await there(old?.id)).toMatchObject({ status: 'ACTIVE' });
    expect(await there(young?.id)).toMatchObject({ status: 'SHUTOFF' });
  } finally {
    await newer.stop();
  }
});
