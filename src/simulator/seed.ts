import { allocate, lastSeen, placeServer } from './hosts.ts';
import { newServer } from './nova/new-server.ts';
import { projectId, seedPeople, userId } from './people.ts';
import type { Cell, Flavor, Host, Server, Service, World } from './world.ts';

const FLAVORS: readonly (readonly [string, number, number, number])[] = [
  ['lab.small', 1, 512, 1],
  ['lab.medium', 2, 1024, 2],
  ['lab.large', 4, 4096, 8],
  ['lab.huge', 16, 65_536, 64],
];

const NAMES = [
  'web-1',
  'web-2',
  'db-1',
  'db-2',
  'cache-1',
  'queue-1',
  'build-1',
  'mail-1',
  'web-3',
  'db-3',
  'proxy-1',
  'batch-1',
];

/** Fills an empty world: hosts, people, flavors, servers. */
export function seed(world: World): void {
  const { settings, chance } = world;
  for (const cell of world.cells)
    world.tables.cell(cell, `mysql+pymysql://nova:secret@127.0.0.1/${cell.database}?charset=utf8`);
  seedPeople(world);
  for (const [name, vcpus, ram, disk] of FLAVORS) {
    world.flavors.push({ id: chance.uuid(), number: world.flavors.length + 1, name, vcpus, ram, disk, extraSpecs: {} });
  }
  world.images.push({ id: chance.uuid(), name: 'lab-image' });
  for (const project of ['admin', 'alpha', 'beta'])
    world.quotas.set(projectId(world, project), { cores: -1, instances: -1, ram: -1 });
  const controller = world.cells[1] ?? world.cell0;
  for (const binary of ['nova-conductor', 'nova-scheduler']) {
    const service = newService(world, 'ctl1', binary);
    world.controllers.push(service);
    world.tables.service(service, controller, lastSeen(world, service));
  }
  for (let index = 0; index < settings.hosts; index += 1) addHost(world, `cmp${index + 1}`, cellOf(world, index));
  for (let index = 0; index < settings.servers; index += 1) seedServer(world, index);
  dressUp(world);
  for (let index = 0; index < settings.deletedServers; index += 1) seedDeleted(world, index);
}

/** With two cells the second half of the hosts is in the second. */
function cellOf(world: World, index: number): Cell {
  const second = world.cells[2];
  const first = world.cells[1] ?? world.cell0;
  return second && index >= Math.ceil(world.settings.hosts / 2) ? second : first;
}

function newService(world: World, host: string, binary: string): Service {
  const created = new Date(world.now().getTime() - 3_600_000);
  return {
    id: world.next.service++,
    uuid: world.chance.uuid(),
    host,
    binary,
    created,
    updated: created,
    disabled: false,
    disabledReason: null,
    forcedDown: false,
    process: 'running',
    stopped: null,
  };
}

export function addHost(world: World, name: string, cell: Cell): Host {
  const service = newService(world, name, 'nova-compute');
  const host: Host = {
    name,
    cell,
    number: world.hosts.size + 1,
    uuid: world.chance.uuid(),
    service,
    size: { vcpus: 64, ram: 262_144, disk: 8000 },
    allocated: { vcpus: 0, ram: 0, disk: 0 },
    servers: new Set(),
    traitDisabled: false,
    generation: 1,
    leaving: [],
  };
  world.hosts.set(name, host);
  world.tables.host(host);
  world.tables.service(service, cell, lastSeen(world, service));
  return host;
}

function seedServer(world: World, index: number): void {
  const alpha = index % 2 === 0;
  // the demo's twelve have names of their own; a crowd has numbers
  const plain = `${alpha ? 'alpha' : 'beta'}-${index + 1}`;
  const name = world.settings.servers <= NAMES.length ? (NAMES[index] ?? plain) : plain;
  const hosts = [...world.hosts.values()];
  const host = hosts[spread(world, index) % Math.max(1, hosts.length)];
  if (!host) return;
  const flavor = flavorFor(world, name);
  const server = newServer(world, {
    name,
    project: projectId(world, alpha ? 'alpha' : 'beta'),
    user: userId(world, alpha ? 'alice' : 'bob'),
    flavor,
    cell: host.cell,
    created: new Date(world.now().getTime() - (world.settings.servers - index) * 60_000),
    metadata: { seed: 'simulator' },
    launchIndex: index,
  });
  start(world, server, host.name);
}

/** In the demo cmp1 is the fullest host, for it is the one that gets drained. */
function spread(world: World, index: number): number {
  if (world.settings.servers > NAMES.length) return index;
  return index < 6 ? 0 : index - 5;
}

function flavorFor(world: World, name: string): Flavor {
  const wanted = name.startsWith('db') ? 'lab.large' : name.startsWith('cache') ? 'lab.medium' : 'lab.small';
  const flavor = world.flavors.find((each) => each.name === wanted);
  if (!flavor) throw new Error(`The simulated cloud has no flavor ${wanted}.`);
  return flavor;
}

export function start(world: World, server: Server, host: string): void {
  allocate(world, server, host);
  placeServer(world, server, host);
  server.vmState = 'active';
  server.taskState = null;
  server.powerState = 1;
  server.launched = server.created;
  world.tables.server(server);
}

/** The demo's mix on cmp1: one off, one paused, one locked by its owner, and two that must not share a host. */
function dressUp(world: World): void {
  if (world.settings.servers > NAMES.length) return;
  const named = (name: string) => [...world.servers.values()].find((server) => server.name === name);
  const [off, paused, locked] = [named('db-2'), named('cache-1'), named('queue-1')];
  if (off) Object.assign(off, { vmState: 'stopped', powerState: 4 });
  if (paused) Object.assign(paused, { vmState: 'paused', powerState: 3 });
  if (locked) Object.assign(locked, { lockedBy: 'owner', lockedReason: 'holds the payroll run' });
  const members = [named('web-1'), named('web-3')].flatMap((server) => (server ? [server.id] : []));
  if (members.length < 2) return;
  world.groups.push({
    id: world.chance.uuid(),
    name: 'web',
    policy: 'anti-affinity',
    project: projectId(world, 'alpha'),
    user: userId(world, 'alice'),
    rules: {},
    members: new Set(members),
  });
}

function seedDeleted(world: World, index: number): void {
  const server = newServer(world, {
    name: `old-${index + 1}`,
    project: projectId(world, 'alpha'),
    user: userId(world, 'alice'),
    flavor: flavorFor(world, 'old'),
    created: new Date(world.now().getTime() - 90 * 86_400_000),
  });
  world.servers.delete(server.id);
  const terminated = new Date(world.now().getTime() - (index + 1) * 86_400_000);
  Object.assign(server, {
    vmState: 'deleted',
    taskState: null,
    host: 'cmp1',
    launched: server.created,
    terminated,
    updated: terminated,
  });
  world.tables.server(server);
  world.deleted.push(server);
}
