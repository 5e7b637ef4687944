import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { act, type Client, client, cloud, rows } from './cloud.ts';

let simulator: Simulator;
let admin: Client;
let near: string;
let far: string;

beforeAll(async () => {
  simulator = await cloud({ hosts: 4, servers: 0, cells: 2 });
  admin = await client(simulator);
  near = (await simulator.control.createServer({ name: 'near', host: 'cmp1' })).id;
  far = (await simulator.control.createServer({ name: 'far', host: 'cmp3' })).id;
});
afterAll(() => simulator.stop());
afterEach(() => simulator.control.cellUp(2));

async function list(path: string, collection: string, version = '2.90') {
  const { status, body } = await admin.call('GET', 'compute', path, { version });
  expect(status).toBe(200);
  return rows(body[collection]);
}

test('os-services names the hosts of a cell that is down from 2.69, and leaves them out before', async () => {
  await simulator.control.cellDown(2);

  const services = await list('/os-services?binary=nova-compute', 'services');
  expect(services.map(({ host, status }) => [host, status])).toEqual([
    ['cmp1', 'enabled'],
    ['cmp2', 'enabled'],
    ['cmp3', 'UNKNOWN'],
    ['cmp4', 'UNKNOWN'],
  ]);
  expect(services[2]).toEqual({ binary: 'nova-compute', host: 'cmp3', status: 'UNKNOWN' });
  expect(await list('/os-services?binary=nova-compute', 'services', '2.68')).toHaveLength(2);
  expect(
    (await list('/os-hypervisors/detail', 'hypervisors', '2.87')).map((one) => one['hypervisor_hostname']),
  ).toEqual(['cmp1', 'cmp2']);
});

test('only a bare list shows stubs; any filter, order or limit leaves the servers out in silence', async () => {
  await simulator.control.cellDown(2);

  for (const path of ['/servers/detail?all_tenants=1', '/servers?all_tenants=1']) {
    const bare = await list(path, 'servers');
    expect(bare.map(({ id, status }) => [id, status])).toContainEqual([far, 'UNKNOWN']);
    expect(bare.find(({ id }) => String(id) === far)).not.toHaveProperty('name');
    for (const more of ['&limit=1000', '&sort_key=uuid', '&host=cmp3', '&name=far'])
      expect((await list(`${path}${more}`, 'servers')).map(({ id }) => id)).not.toContain(far);
    expect((await list(path, 'servers', '2.68')).map(({ id }) => id)).toEqual([near]);
  }
});

test('one server of it is a stub from 2.69 and an error before; nothing can be done to it', async () => {
  await simulator.control.cellDown(2);

  const { body } = await admin.call('GET', 'compute', `/servers/${far}`, { version: '2.90' });
  expect(body['server']).toMatchObject({ id: far, status: 'UNKNOWN', 'OS-EXT-STS:power_state': 0 });
  expect(body['server']).not.toHaveProperty('OS-EXT-SRV-ATTR:host');
  expect((await admin.call('GET', 'compute', `/servers/${far}`, { version: '2.68' })).status).toBe(500);
  expect((await act(admin, far, { lock: null })).status).toBe(500);
  expect((await admin.call('GET', 'compute', `/servers/${far}/os-instance-actions`)).status).toBe(500);
});

test('a cell that is back has everything as it was', async () => {
  await simulator.control.cellDown(2);
  await simulator.control.cellUp(2);

  expect(await list('/servers/detail?all_tenants=1&host=cmp3', 'servers')).toMatchObject([
    { id: far, status: 'ACTIVE' },
  ]);
  await expect(simulator.control.cellDown(3)).rejects.toThrow('There is no cell 3.');
});
