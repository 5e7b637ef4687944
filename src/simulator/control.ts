import type { z } from 'zod';
import {
  AgentOrder,
  type AgentWish,
  FlavorOrder,
  type FlavorWish,
  MigrationOrder,
  type MigrationWish,
  ServerOrder,
  type ServerWish,
  WireOrder,
  type WireWish,
} from './control-orders.ts';
import { HttpFault } from './fault.ts';
import { hostOf } from './hosts.ts';
import type { Listener, WireFault } from './http.ts';
import { setTask } from './nova/guards.ts';
import { setStatus } from './nova/moving.ts';
import { newServer } from './nova/new-server.ts';
import { projectId, userId } from './people.ts';
import { addHost, start } from './seed.ts';
import { writeTokens } from './tables/token-rows.ts';
import type { Cell, Entry, Host, Server, World } from './world.ts';

/** What a story does to the cloud from outside, as a person at the hypervisors would. */
export interface Control {
  /** How migrations behave from now on. */
  migration(wish: MigrationWish): Promise<unknown>;
  killCompute(host: string): Promise<void>;
  startCompute(host: string): Promise<void>;
  freezeCompute(host: string): Promise<void>;
  thawCompute(host: string): Promise<void>;
  /** Nova's API cannot reach the cell of that number any more; the guests there run on. */
  cellDown(number: number): Promise<void>;
  cellUp(number: number): Promise<void>;
  /** Adds rows to keystone's token table, the first half of them expired. */
  tokens(rows: number): Promise<unknown>;
  /** A server that is there at once, on that host. */
  createServer(wish: ServerWish): Promise<Server>;
  /** A flavor that was not there. */
  flavor(wish: FlavorWish): Promise<void>;
  /** A Neutron agent on a host, there from now on, alive or dead. */
  agent(wish: AgentWish): Promise<void>;
  /** What happened to migrations so far, oldest first: the truth of a story, past every API. */
  journal(): Promise<readonly Entry[]>;
  /** Makes the next requests to a path fail, wait or lose their answer. */
  wire(wish: WireWish): Promise<void>;
  /** Closes the port of all services for so many seconds, as while they are restarted: what moves goes on. */
  away(seconds: number): Promise<void>;
}

export function controlOf(world: World, listener: () => Listener): Control {
  return {
    async migration(wish) {
      const { seconds, fail, clear } = MigrationOrder.parse(wish);
      if (clear === true) world.moving.fail.length = 0;
      if (seconds !== undefined) world.moving.seconds = seconds;
      world.moving.fail.push(...(fail ?? []));
      return world.moving;
    },
    async killCompute(host) {
      stop(world, hostOf(world, host), 'killed');
    },
    async freezeCompute(host) {
      stop(world, hostOf(world, host), 'frozen');
    },
    async thawCompute(host) {
      run(hostOf(world, host));
    },
    async startCompute(name) {
      const host = world.hosts.get(name) ?? addHost(world, name, world.cells[1] ?? world.cell0);
      if (host.service.process !== 'running') await cleanUp(world, host);
      run(host);
      await world.tables.settled();
    },
    async cellDown(number) {
      world.cellsDown.add(cellOf(world, number));
    },
    async cellUp(number) {
      world.cellsDown.delete(cellOf(world, number));
    },
    tokens: (rows) => writeTokens(world, rows),
    createServer: async (wish) => createNow(world, ServerOrder.parse(wish)),
    flavor: async (wish) => addFlavor(world, FlavorOrder.parse(wish)),
    agent: async (wish) => setAgent(world, AgentOrder.parse(wish)),
    journal: async () => [...world.journal],
    async wire(wish) {
      const { path, method, status, delay, drop, times } = WireOrder.parse(wish);
      const fault: WireFault = { path: new RegExp(path), times, ...dropUndefined({ method, status, delay, drop }) };
      listener().wireFaults.push(fault);
    },
    away: (seconds) => listener().away(seconds * 1000),
  };
}

function cellOf(world: World, number: number): Cell {
  const cell = world.cells.find(({ name }) => name === `cell${number}`);
  if (!cell || cell === world.cell0) throw new HttpFault(400, `There is no cell ${number}.`);
  return cell;
}

/** Optional members must be left out, not undefined. */
function dropUndefined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // the filter does what the type says; TypeScript cannot follow it through entries
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function stop(world: World, { service }: Host, how: 'killed' | 'frozen'): void {
  service.process = how;
  service.stopped ??= world.now();
}

function run({ service }: Host): void {
  service.process = 'running';
  service.stopped = null;
}

/**
 * What nova-compute does when it starts, before it takes what waits in its queue: frees servers it left half moved, and
 * destroys guests that were evacuated.
 */
async function cleanUp(world: World, host: Host): Promise<void> {
  await world.sleep(1000);
  for (const migration of world.migrations) {
    if (migration.source !== host.name) continue;
    if (migration.type === 'evacuation' && migration.status === 'done') setStatus(world, migration, 'completed');
  }
  for (const server of host.servers) {
    const leaving = host.leaving.some((migration) => migration.server === server);
    if (server.taskState !== 'migrating' || leaving) continue;
    for (const each of server.migrations) if (each.status === 'running') setStatus(world, each, 'error');
    setTask(world, server, null);
  }
}

async function createNow(world: World, wish: z.output<typeof ServerOrder>): Promise<Server> {
  const flavor = world.flavors.find(({ name }) => name === wish.flavor);
  if (!flavor) throw new HttpFault(400, `There is no flavor ${wish.flavor}.`);
  const server = newServer(world, {
    name: wish.name,
    project: projectId(world, wish.project),
    user: userId(world, wish.project === 'beta' ? 'bob' : 'alice'),
    flavor,
    zone: wish.zone ?? null,
    metadata: wish.metadata,
    bootsFromVolume: wish.bootsFromVolume,
    shares: wish.shares,
    cell: hostOf(world, wish.host).cell,
  });
  world.groups.find(({ id, name }) => id === wish.group || name === wish.group)?.members.add(server.id);
  start(world, server, wish.host);
  await world.tables.settled();
  return server;
}

function addFlavor(world: World, wish: z.output<typeof FlavorOrder>): void {
  world.flavors.push({ id: world.chance.uuid(), number: world.flavors.length + 1, ...wish });
}

function setAgent(world: World, { host, binary, type, alive, silent }: z.output<typeof AgentOrder>): void {
  const known = world.agents.find((agent) => agent.host === host && agent.binary === binary);
  const state = { alive, lastHeard: silent ? world.now() : null };
  if (known) Object.assign(known, state);
  else world.agents.push({ id: world.chance.uuid(), host, binary, type, created: world.now(), ...state });
}
