import { isUp, zoneOf } from './hosts.ts';
import type { Host, Server, World } from './world.ts';

export interface Wish {
  readonly only?: string;
  readonly except?: readonly string[];
}

export type Choice = { readonly hosts: readonly Host[] } | { readonly problem: string };

const RATIO = { vcpus: 16, ram: 1.5, disk: 1 };
const RESERVED_RAM = 512;

/** The hosts that could take the server, best first. Placement is asked first, then nova's filters: they complain differently. */
export function schedule(world: World, server: Server, wish: Wish): Choice {
  const candidates = [...world.hosts.values()].filter(
    (host) => (wish.only === undefined || host.name === wish.only) && !host.traitDisabled && hasRoom(host, server),
  );
  if (candidates.length === 0) return { problem: 'No valid host was found. ' };
  const hosts = candidates.filter((host) => passes(world, host, server, wish));
  if (hosts.length === 0) return { problem: 'No valid host was found. There are not enough hosts available.' };
  return { hosts: hosts.sort((a, b) => freeRam(b) - freeRam(a)) };
}

export function hasRoom(host: Host, server: Server): boolean {
  if (server.allocation === host.name) return true;
  const { size, allocated } = host;
  return (
    allocated.vcpus + server.flavor.vcpus <= size.vcpus * RATIO.vcpus &&
    allocated.ram + server.flavor.ram <= (size.ram - RESERVED_RAM) * RATIO.ram &&
    allocated.disk + server.flavor.disk <= size.disk * RATIO.disk
  );
}

function passes(world: World, host: Host, server: Server, wish: Wish): boolean {
  if (wish.except?.includes(host.name) || world.cellsDown.has(host.cell)) return false;
  if (host.service.disabled || !isUp(world, host.service)) return false;
  // nothing moves between cells
  if (server.launched !== null && host.cell !== server.cell) return false;
  if (server.zone !== null && zoneOf(world, host.name) !== server.zone) return false;
  return groupAllows(world, host, server);
}

function groupAllows(world: World, host: Host, server: Server): boolean {
  const group = world.groups.find(({ members }) => members.has(server.id));
  if (!group) return true;
  const others = [...group.members].filter((id) => id !== server.id).map((id) => world.servers.get(id)?.host);
  if (group.policy === 'anti-affinity') {
    return others.filter((name) => name === host.name).length < (group.rules.max_server_per_host ?? 1);
  }
  if (group.policy === 'affinity')
    return others.every((name) => name === undefined || name === null || name === host.name);
  return true;
}

function freeRam(host: Host): number {
  return host.size.ram - host.allocated.ram;
}
