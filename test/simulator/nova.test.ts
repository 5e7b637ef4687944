import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { act, type Client, client, cloud, eventually, type Json, request, rows, see } from './cloud.ts';

let simulator: Simulator;
let admin: Client;
let alice: Client;

beforeAll(async () => {
  simulator = await cloud({ servers: 30, deletedServers: 2, cells: 2, rpcTimeoutSeconds: 10 });
  admin = await client(simulator);
  alice = await client(simulator, 'alice');
});
afterAll(() => simulator.stop());

async function service(host: string): Promise<Json | undefined> {
  const { body } = await admin.call('GET', 'compute', `/os-services?host=${host}`, { version: '2.90' });
  return body['services']?.[0];
}

async function setService(host: string, body: unknown) {
  const id = String((await service(host))?.['id']);
  return admin.call('PUT', 'compute', `/os-services/${id}`, { body, version: '2.90' });
}

test('a server with disable_terminate survives every delete, and nobody is told', async () => {
  const { id } = await simulator.control.createServer({ name: 'kept', host: 'cmp4' });
  const mapping = await query(
    simulator.dsns.novaApi,
    'SELECT c.uuid FROM instance_mappings i JOIN cell_mappings c ON c.id = i.cell_id WHERE instance_uuid = ?',
    id,
  );
  const cell = simulator.dsns.cells[String(mapping?.['uuid'])] ?? '';
  await query(cell, 'UPDATE instances SET disable_terminate = 1 WHERE uuid = ? AND deleted = 0', id);
  expect((await alice.call('DELETE', 'compute', `/servers/${id}`)).status).toBe(204);
  expect((await act(admin, id, { forceDelete: null })).status).toBe(202);
  expect(await see(admin, id)).toMatchObject({ status: 'ACTIVE', task: null });

  // the flag outlives what nova writes
  await act(admin, id, { lock: null });
  await act(admin, id, { unlock: null });
  expect((await admin.call('DELETE', 'compute', `/servers/${id}`)).status).toBe(204);
  expect((await see(admin, id)).found).toBe(true);

  await query(cell, 'UPDATE instances SET disable_terminate = 0 WHERE uuid = ?', id);
  await alice.call('DELETE', 'compute', `/servers/${id}`);
  await eventually(
    () => see(admin, id),
    ({ found }) => !found,
  );
  const row = await query(cell, 'SELECT id, deleted, vm_state FROM instances WHERE uuid = ?', id);
  expect(row).toMatchObject({ deleted: row?.['id'], vm_state: 'deleted' });
});

/** The first row, if the statement gives any. */
async function query(dsn: string, statement: string, value: string): Promise<RowDataPacket | undefined> {
  const database = await createConnection(dsn);
  try {
    const [found] = await database.query<RowDataPacket[]>(statement, [value]);
    return Array.isArray(found) ? found[0] : undefined;
  } finally {
    await database.end();
  }
}

test('pages to the end, and an exactly full last page links to an empty one', async () => {
  const seen: string[] = [];
  let path: string | undefined = '/servers?all_tenants=1&limit=10';
  let pages = 0;
  while (path !== undefined) {
    const { body } = await admin.call('GET', 'compute', path, { version: '2.90' });
    seen.push(...rows(body['servers']).map((server) => String(server['id'])));
    pages += 1;
    const next = body['servers_links']?.[0]?.['href'];
    path = next === undefined ? undefined : String(next).split('/v2.1')[1];
  }
  expect([pages, seen.length, new Set(seen).size]).toEqual([4, 30, 30]);
});

test('a lock stops its owner, not a new name and not an admin', async () => {
  const { id } = await simulator.control.createServer({ name: 'locked', host: 'cmp1' });
  await act(admin, id, { lock: { locked_reason: 'held by ops' } });
  expect((await alice.call('DELETE', 'compute', `/servers/${id}`)).status).toBe(409);
  expect((await act(alice, id, { 'os-stop': null })).status).toBe(409);
  expect((await act(alice, id, { unlock: null })).status).toBe(403);
  const renamed = await alice.call('PUT', 'compute', `/servers/${id}`, { body: { server: { name: 'still mine' } } });
  expect(renamed.body['server']?.['name']).toBe('still mine');
  expect((await act(admin, id, { lock: { locked_reason: 'wrench 🔧' } })).status).toBe(500);
  expect((await act(admin, id, { lock: { locked_reason: 'x' } }, '2.72')).status).toBe(202);
  const { body } = await admin.call('GET', 'compute', `/servers/${id}`, { version: '2.90' });
  expect(body['server']).toMatchObject({ locked: true, locked_reason: 'held by ops' });
  expect((await admin.call('DELETE', 'compute', `/servers/${id}`)).status).toBe(204);
});

test('a reason goes when a host is disabled again without one, and no emoji disables a host', async () => {
  expect((await setService('cmp1', { status: 'disabled', disabled_reason: 'kernel' })).status).toBe(200);
  await setService('cmp1', { status: 'disabled' });
  expect(await service('cmp1')).toMatchObject({ status: 'disabled', disabled_reason: null });
  await setService('cmp1', { status: 'enabled' });
  expect((await setService('cmp1', { status: 'disabled', disabled_reason: 'Wartung ü 🔧' })).status).toBe(500);
  expect(await service('cmp1')).toMatchObject({ status: 'enabled' });
});

test('disabling a host that hangs takes as long as the call waits, and placement does not hear of it', async () => {
  const traits = async (host: string) => {
    const { body } = await admin.call('GET', 'placement', `/resource_providers?name=${host}`, { version: '1.39' });
    const path = `/resource_providers/${body['resource_providers']?.[0]?.['uuid']}/traits`;
    return (await admin.call('GET', 'placement', path, { version: '1.39' })).body['traits'];
  };
  await setService('cmp2', { status: 'disabled' });
  expect(await traits('cmp2')).toContain('COMPUTE_STATUS_DISABLED');
  await setService('cmp2', { status: 'enabled' });

  await simulator.control.freezeCompute('cmp2');
  const began = Date.now();
  expect((await setService('cmp2', { status: 'disabled' })).status).toBe(200);
  expect(Date.now() - began).toBeGreaterThan(150);
  expect(await traits('cmp2')).not.toContain('COMPUTE_STATUS_DISABLED');
  await simulator.control.thawCompute('cmp2');
  await setService('cmp2', { status: 'enabled' });
});

test('a service that runs tells its database so, one that was killed does not', async () => {
  const cell = Object.values(simulator.dsns.cells)[1] ?? '';
  const reports = async (host: string) =>
    Number((await query(cell, 'SELECT report_count FROM services WHERE host = ?', host))?.['report_count']);
  await simulator.control.killCompute('cmp2');
  const [alive, dead] = [await reports('cmp1'), await reports('cmp2')];
  await vi.waitUntil(async () => (await reports('cmp1')) > alive + 1, { timeout: 20_000 });
  expect(await reports('cmp2')).toBe(dead);
  await simulator.control.startCompute('cmp2');
});

test('an old cloud does not know what came later', async () => {
  const old = await cloud({ maxMicroversion: '2.24', servers: 1 });
  try {
    const root = await client(old);
    const ask = (version: string) => root.call('GET', 'compute', '/os-services', { version });
    expect((await ask('2.24')).status).toBe(200);
    expect((await ask('2.25')).body['computeFault']?.['message']).toBe(
      'Version 2.25 is not supported by the API. Minimum is 2.1 and maximum is 2.24.',
    );
    const documents = await request('GET', `http://127.0.0.1:${old.port}/compute/`);
    expect(documents.body['versions']?.[1]).toMatchObject({ id: 'v2.1', version: '2.24' });
  } finally {
    await old.stop();
  }
});

test('the wire itself can fail: a status, or an answer lost after the work was done', async () => {
  const { id } = await simulator.control.createServer({ name: 'unlucky', host: 'cmp1' });
  await simulator.control.wire({ path: '/os-services', status: 503 });
  expect((await admin.call('GET', 'compute', '/os-services')).status).toBe(503);
  expect((await admin.call('GET', 'compute', '/os-services')).status).toBe(200);
  await simulator.control.wire({ method: 'POST', path: `${id}/action`, drop: 'after' });
  await expect(act(admin, id, { lock: null })).rejects.toThrow();
  const { body } = await admin.call('GET', 'compute', `/servers/${id}`, { version: '2.90' });
  expect(body['server']?.['locked']).toBe(true);
});

test('the control surface is there over HTTP, too, and says what it did not understand', async () => {
  const order = (path: string, body: unknown) =>
    request('POST', `http://127.0.0.1:${simulator.port}/control/${path}`, body);
  expect((await order('migration', { seconds: 2 })).body).toMatchObject({ seconds: 2 });
  const wrong = await order('migration', { fail: [{ phase: 'never', glob: '*' }] });
  expect([wrong.status, wrong.body['error']]).toEqual([400, expect.stringContaining('precheck')]);
  expect((await order('kill-compute', { host: 'nosuch' })).status).toBe(400);
});
