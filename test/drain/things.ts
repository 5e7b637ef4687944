import { MoveIntent } from '../../src/command/drain/move-intent.ts';
import type { Cloud, Consumers, Migration, Room, Server, ServerGroup, Service } from '../../src/openstack/cloud.ts';
import { defaultSettings } from '../../src/openstack/config.ts';
import { HostName, ProjectId, ServerId } from '../../src/openstack/names.ts';

/** Domain values for tests of pure rules; every field can be said. */
export const cmp1 = HostName.parse('cmp1');
export const cmp2 = HostName.parse('cmp2');
export const serverId = ServerId.parse('11111111-2222-4333-8444-555555555555');

/** An admin's, on which nothing is grouped, moved or named; what else a test asks for it adds. */
export const quietCloud: Partial<Cloud> = {
  name: 'prod',
  settings: defaultSettings,
  about: async () => ({
    computeVersion: { major: 2, minor: 93 },
    user: 'admin',
    userId: 'u1',
    project: 'admin',
    roles: [],
    admin: true,
  }),
  shares: async () => 0,
  serverGroups: async () => [],
  projects: async () => [],
  migrations: async () => [],
};

export function aServer(facts: Partial<Server> = {}): Server {
  return {
    id: serverId,
    name: 'db3',
    project: ProjectId.parse('alpha'),
    user: 'alice',
    status: 'ACTIVE',
    vmState: 'active',
    taskState: null,
    powerState: 1,
    host: cmp1,
    hypervisor: 'cmp1',
    hostStatus: 'UP',
    locked: false,
    lockedReason: null,
    zone: 'nova',
    pinnedZone: null,
    flavor: { name: 'small', vcpus: 1, ramMb: 512, diskGb: 1, ephemeralGb: 0, extraSpecs: {} },
    metadata: {},
    volumes: [],
    bootsFromVolume: false,
    imageProperties: null,
    fault: null,
    createdAt: null,
    updatedAt: null,
    ...facts,
  };
}

export function aMigration(facts: Partial<Migration> = {}): Migration {
  return {
    id: 7,
    uuid: null,
    server: serverId,
    type: 'live-migration',
    status: 'running',
    source: cmp1,
    destination: cmp2,
    createdAt: null,
    updatedAt: null,
    memory: null,
    disk: null,
    ...facts,
  };
}

export function aService(facts: Partial<Service> = {}): Service {
  return {
    id: 's1',
    host: cmp1,
    binary: 'nova-compute',
    zone: 'nova',
    status: 'enabled',
    state: 'up',
    disabledReason: null,
    forcedDown: false,
    updatedAt: null,
    ...facts,
  };
}

export function aGroup(facts: Partial<ServerGroup> = {}): ServerGroup {
  return { id: 'g1', name: 'web', policy: 'anti-affinity', perHost: 1, members: [serverId], ...facts };
}

/** A host of so much memory, and who holds what of it. */
export function aRoom(host: HostName, consumers: readonly Consumers[], memory = 1000): Room {
  const used = consumers.reduce((sum, { each, number }) => sum + number * (each['MEMORY_MB'] ?? 0), 0);
  return { host, capacity: { MEMORY_MB: memory }, used: { MEMORY_MB: used }, consumers };
}

/** A live move that was asked for and waits. */
export function anIntent(changes: Partial<MoveIntent> = {}): MoveIntent {
  return MoveIntent.parse({
    how: 'live',
    seen: { migration: null, action: null, status: 'ACTIVE' },
    asked: { at: new Date(100_000), tries: 1, refused: null },
    request: 'req-1',
    migration: 4,
    runningSince: null,
    confirm: null,
    abort: null,
    ...changes,
  });
}
