import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Cloud, Server } from '../../src/openstack/cloud.ts';
import { connectCloud } from '../../src/openstack/connect.ts';
import { HostName, ServerId } from '../../src/openstack/names.ts';
import { cloud as startCloud } from '../simulator/cloud.ts';
import { configOf, openGate } from './fake-cloud.ts';

const cmp1 = HostName.parse('cmp1');

test.each(['2.1', '2.24', '2.30', '2.56', '2.93'])(
  'at %s the client reads, moves, confirms and locks',
  async (maxMicroversion) => {
    const simulator = await startCloud({ servers: 12, hosts: 4, migrateSeconds: 0.2, maxMicroversion });
    const cloud = connect(simulator.url, simulator.region);
    try {
      const [live, cold] = await everything(cloud);
      await cloud.liveMigrate(live.id, { host: null, block: 'auto' }, limits());
      await until(async () => (await cloud.server(live.id)).host !== cmp1);
      await cloud.coldMigrate(cold.id, { host: null }, limits());
      await until(async () => (await cloud.server(cold.id)).status === 'VERIFY_RESIZE');
      expect((await cloud.migrations({ server: cold.id }))[0]).toMatchObject({ status: 'finished', source: 'cmp1' });
      await cloud.confirmResize(cold.id, limits());
      await until(async () => (await cloud.migrations({ server: cold.id }))[0]?.status === 'confirmed');
      await cloud.lock(live.id, 'db', limits());
      await cloud.unlock(live.id, limits());
      await cloud.disableService(cmp1, 'fan', limits());
      expect(await cloud.computeService(cmp1)).toMatchObject({ status: 'disabled', disabledReason: 'fan' });
      await cloud.enableService(cmp1, limits());
      expect(await cloud.computeService(cmp1)).toMatchObject({ status: 'enabled', disabledReason: null });
      expect((await cloud.actions(live.id)).map(({ action }) => action)).toContain('live-migration');
    } finally {
      await cloud.close();
      await simulator.stop();
    }
  },
);

test('a server that has Manila shares says so from 2.97 on, and is neither moved nor evacuated', async () => {
  const simulator = await startCloud({ servers: 0, maxMicroversion: '2.103' });
  const cloud = connect(simulator.url, simulator.region);
  const old = await startCloud({ servers: 0, maxMicroversion: '2.96' });
  const older = connect(old.url, old.region);
  try {
    const made = async (where: typeof simulator, shares: number) =>
      ServerId.parse((await where.control.createServer({ name: 'db', shares })).id);
    const [id, plain] = [await made(simulator, 2), await made(simulator, 0)];
    expect([await cloud.shares(id), await cloud.shares(plain)]).toEqual([2, 0]);
    expect(await older.shares(await made(old, 2))).toBe(0);
    const refusal = { problem: 'conflict', facts: { said: expect.stringContaining('have shares') } };
    await expect(cloud.liveMigrate(id, { host: null, block: 'auto' }, limits())).rejects.toMatchObject(refusal);
    await expect(cloud.coldMigrate(id, { host: null }, limits())).rejects.toMatchObject(refusal);
    await expect(cloud.evacuate(id, { shared: false }, limits())).rejects.toMatchObject(refusal);
  } finally {
    await Promise.all([cloud.close(), older.close()]);
    await Promise.all([simulator.stop(), old.stop()]);
  }
});

/** Every read once; two servers of cmp1 that can move. */
async function everything(cloud: Cloud): Promise<[Server, Server]> {
  expect(await cloud.about()).toMatchObject({ admin: true });
  expect(await cloud.services({ binary: 'nova-compute' })).toHaveLength(4);
  const [hypervisor] = await cloud.hypervisors({ host: cmp1 });
  const servers: Server[] = [];
  for await (const server of cloud.servers({ host: cmp1 })) servers.push(server);
  expect(new Set(hypervisor?.servers)).toEqual(new Set(servers.map(({ id }) => id)));
  expect(hypervisor?.usage?.vcpus).toBeGreaterThan(0);
  const [live, cold] = servers.filter(({ status }) => status === 'ACTIVE');
  if (!live || !cold) throw new Error('the simulator seeds no two active servers on cmp1');
  expect((await cloud.findServers(live.id.slice(0, 8), 2)).map(({ id }) => id)).toContain(live.id);
  expect((await cloud.findServers(live.name, 2)).map(({ id }) => id)).toContain(live.id);
  expect(await cloud.allocations(cmp1)).toContain(live.id);
  expect(live.flavor.ramMb).toBeGreaterThan(0);
  expect((await cloud.candidates(live))?.hosts).toEqual(['cmp2', 'cmp3', 'cmp4']);
  const [room] = (await cloud.room([cmp1])) ?? [];
  expect(room?.used['MEMORY_MB']).toBeGreaterThan(0);
  expect(room?.capacity['MEMORY_MB']).toBeGreaterThan(room?.used['MEMORY_MB'] ?? 0);
  await cloud.serverGroups();
  await cloud.aggregates();
  await cloud.agents(cmp1);
  expect((await cloud.projects()).length).toBeGreaterThan(0);
  return [live, cold];
}

function connect(url: string, region: string) {
  const owner = (name: string) => ({ name, domain: { id: 'default' } });
  const login = {
    kind: 'password',
    user: owner('admin'),
    password: 'lab',
    scope: { project: owner('admin') },
  } as const;
  const log = { debug: () => {}, warn: () => {} };
  // This test does not touch the operators' databases.
  const parts = {
    databases: {} as never,
    gate: openGate,
    log,
    now: () => new Date(),
    sleep: (ms: number) => delay(ms),
  };
  return connectCloud({ name: 'simulated', config: configOf(url, { authUrl: url, region, login }), ...parts });
}

function limits() {
  return { signal: new AbortController().signal, notAfter: performance.now() + 5000 };
}

/** A real server on a real socket: it is asked until it says so. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let times = 0; times < 100; times += 1) {
    if (await holds()) return;
    await delay(100);
  }
  throw new Error('it never came true');
}
