import { expect, test } from 'vitest';
import type { StepContext } from '../../src/command/command.ts';
import { proof } from '../../src/command/drain/proof.ts';
import type { Cloud, Hypervisor, Migration, Server, Service } from '../../src/openstack/cloud.ts';
import { defaultSettings } from '../../src/openstack/config.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { aMigration, aServer, aService, cmp1, cmp2, serverId } from './things.ts';

interface World {
  servers?: Server[];
  softDeleted?: Server[];
  services?: Service[];
  hypervisors?: Partial<Hypervisor>[];
  migrations?: Migration[];
  allocations?: string[] | null;
  admin?: boolean;
  minor?: number;
  nameless?: OpenStackError;
}

/** A cloud that only answers: the proof asks, it changes nothing. */
function cloudOf(world: World): Cloud {
  const reader: Partial<Cloud> = {
    settings: defaultSettings,
    about: async () => ({
      computeVersion: { major: 2, minor: world.minor ?? 93 },
      user: 'admin',
      userId: 'u1',
      project: 'admin',
      roles: [],
      admin: world.admin ?? true,
    }),
    services: async () => world.services ?? [aService()],
    async *servers({ softDeleted }) {
      yield* (softDeleted === true ? world.softDeleted : world.servers) ?? [];
    },
    hypervisors: async () => (world.hypervisors ?? [{ servers: [] }]) as Hypervisor[], // only `servers` is read
    migrations: async () => world.migrations ?? [],
    server: async () => {
      if (world.nameless !== undefined) throw world.nameless;
      return aServer();
    },
    allocations: async () => (world.allocations === undefined ? [] : world.allocations),
  };
  return reader as Cloud; // what the proof does not ask for is not there
}

async function proven(world: World) {
  const sleeps: number[] = [];
  const context: Partial<StepContext> = {
    cloud: cloudOf(world),
    job: { id: '7f3a', human: 'alice', line: 'maintenance cmp1' },
    ended: [],
    leases: { find: async () => null, list: async () => [], take: async () => {}, end: async () => {} },
    sleep: async (ms) => void sleeps.push(ms),
  };
  const outcome = await proof({ host: cmp1, planned: [serverId] }, context as StepContext); // as above
  return { state: outcome.state, note: 'note' in outcome ? outcome.note : '', sleeps };
}

test('empty is said only after two readings that agree, some seconds apart', async () => {
  const { state, note, sleeps } = await proven({});
  expect([state, note]).toEqual(['done', 'empty, asked twice']);
  expect(sleeps).toEqual([3000]);
});

test.each([
  ['a server', { servers: [aServer()] }, 'failed', '1 of 1 server left on cmp1: db3 ACTIVE'],
  ['a soft-deleted server', { softDeleted: [aServer({ status: 'SOFT_DELETED' })] }, 'failed', 'SOFT_DELETED'],
  ['a token that is no admin', { admin: false }, 'unproven', 'not an admin'],
  [
    'a cell that does not answer',
    { services: [aService({ status: 'unknown', state: 'unknown' })] },
    'unproven',
    'a cell does not answer',
  ],
  ['a dead nova-compute', { services: [aService({ state: 'down' })] }, 'unproven', 'evacuate cmp1 --fenced'],
  [
    'a server only the hypervisor knows',
    { hypervisors: [{ servers: [serverId] }] },
    'unproven',
    `the hypervisor still lists db3 ${serverId}`,
  ],
  [
    'no hypervisor list',
    { hypervisors: [{ servers: null }] },
    'unproven',
    "the hypervisor's own list could not be read",
  ],
  [
    'an unconfirmed move away',
    { migrations: [aMigration({ status: 'finished' })] },
    'unproven',
    'migration 7 is not confirmed',
  ],
  [
    'a migration on its way here',
    { migrations: [aMigration({ source: cmp2, destination: cmp1 })] },
    'unproven',
    'is on its way here',
  ],
  [
    'a server on its way, told once and by name',
    {
      migrations: [aMigration({ source: cmp2, destination: cmp1 })],
      hypervisors: [{ servers: [serverId] }],
      allocations: [serverId],
    },
    'unproven',
    'no server is listed, but it is not proven empty: db3 is on its way here (migration 7, running)',
  ],
  [
    'orphaned allocations, of a server and of what is none',
    { allocations: [serverId, 'reserved'] },
    'unproven',
    `Placement still holds allocations here for db3 ${serverId}, reserved`,
  ],
  ['Placement that cannot be asked', { allocations: null }, 'unproven', 'Placement could not be asked'],
] as const)('not empty or not proven: %s', async (_what, world, state, words) => {
  const result = await proven(world as World);
  expect(result.state).toBe(state);
  expect(result.note).toContain(words);
});

test('an old cloud without Placement and without that list is believed without them', async () => {
  expect(await proven({ minor: 38, allocations: null, hypervisors: [{ servers: null }] })).toMatchObject({
    state: 'done',
  });
});

test('a name that cannot be asked is told by its id, and costs no proof', async () => {
  const nameless = new OpenStackError({ problem: 'timeout', cloud: 'demo', request: 'GET compute /servers/ID' });
  const result = await proven({ nameless, migrations: [aMigration({ source: cmp2, destination: cmp1 })] });
  expect(result).toMatchObject({ state: 'unproven' });
  expect(result.note).toContain(`${serverId} is on its way here`);
});
