import type { Cell, Host, Server, Service, World } from './world.ts';

export function hostOf(world: World, name: string | null): Host {
  const host = name === null ? undefined : world.hosts.get(name);
  if (!host) throw new Error(`the simulator lost the host ${name}`);
  return host;
}

/** When the service last reported. */
export function lastSeen(world: World, service: Service): Date {
  const interval = (world.settings.reportSeconds * 1000) / world.settings.speed;
  const until = (service.stopped ?? world.now()).getTime();
  return new Date(Math.max(service.created.getTime(), until - (until % interval)));
}

export function isUp(world: World, service: Service): boolean {
  if (service.forcedDown) return false;
  const silent = world.now().getTime() - lastSeen(world, service).getTime();
  return silent <= (world.settings.serviceDownSeconds * 1000) / world.settings.speed;
}

/** For ever: each service that runs tells its cell's database that it does. */
export async function report(world: World): Promise<never> {
  for (;;) {
    // Where time flies, once a second of ours is enough.
    await world.sleep(Math.max(world.settings.reportSeconds, world.settings.speed) * 1000);
    const alive = services(world).filter(({ process }) => process === 'running');
    for (const cell of world.cells) {
      const here = alive.filter(({ host }) => cellOf(world, host) === cell);
      await world.tables.reported(cell, here, world.now());
    }
  }
}

/** That of a host; the controllers are in the first that is none of nova's own. */
function cellOf(world: World, host: string): Cell {
  return world.hosts.get(host)?.cell ?? world.cells[1] ?? world.cell0;
}

export function services(world: World): Service[] {
  return [...world.controllers, ...[...world.hosts.values()].map((host) => host.service)];
}

/** The zone of a host: its aggregate's, else nova. */
export function zoneOf(world: World, host: string): string {
  for (const aggregate of world.aggregates) {
    const zone = aggregate.metadata['availability_zone'];
    if (zone && aggregate.hosts.includes(host)) return zone;
  }
  return 'nova';
}

export function placeServer(world: World, server: Server, host: string | null): void {
  if (server.host !== null) world.hosts.get(server.host)?.servers.delete(server);
  server.host = host;
  if (host !== null) hostOf(world, host).servers.add(server);
}

/** Moves the server's own allocation; a null host gives it back. */
export function allocate(world: World, server: Server, host: string | null): void {
  if (server.allocation !== null) count(world, server.allocation, server, -1);
  server.allocation = host;
  if (host !== null) count(world, host, server, 1);
}

/** While a server moves, its migration holds the room on the source and the server the room on the destination. */
export function holdSource(world: World, migration: string, server: Server, dest: string): void {
  world.held.set(migration, { host: server.allocation ?? dest, server });
  if (server.allocation !== null) count(world, server.allocation, server, 1);
  allocate(world, server, dest);
}

export function releaseSource(world: World, migration: string): void {
  const held = world.held.get(migration);
  if (!held) return;
  world.held.delete(migration);
  count(world, held.host, held.server, -1);
}

export function returnToSource(world: World, migration: string, server: Server): void {
  const held = world.held.get(migration);
  if (!held) return;
  allocate(world, server, held.host);
  releaseSource(world, migration);
}

function count(world: World, name: string, server: Server, sign: 1 | -1): void {
  const host = world.hosts.get(name);
  if (!host) return;
  host.allocated.vcpus += sign * server.flavor.vcpus;
  host.allocated.ram += sign * server.flavor.ram;
  host.allocated.disk += sign * server.flavor.disk;
  // As Placement's own: what is taken away by deleting a consumer's allocations counts nothing up.
  if (sign > 0) host.generation += 1;
}

/** Waits until nova-compute there answers; false when `seconds` pass first. */
export async function answers(world: World, host: Host, seconds = Number.POSITIVE_INFINITY): Promise<boolean> {
  for (let waited = 0; host.service.process !== 'running'; waited += 0.25) {
    if (waited >= seconds) return false;
    await world.sleep(250);
  }
  return true;
}
