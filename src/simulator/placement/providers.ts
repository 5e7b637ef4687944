import type { Answer } from '../http.ts';
import type { Host } from '../world.ts';
import { held, hostBy, type PlacementContext, resources, TRAITS } from './context.ts';

export function providers({ world, request }: PlacementContext): Answer {
  const { query } = request;
  const name = query.get('name');
  const uuid = query.get('uuid');
  const found = [...world.hosts.values()].filter(
    (host) => (name === null || host.name === name) && (uuid === null || host.uuid === uuid),
  );
  return { status: 200, body: { resource_providers: found.map(view) } };
}

export function provider({ world, params }: PlacementContext): Answer {
  return { status: 200, body: view(hostBy(world, params['id'])) };
}

function view(host: Host): unknown {
  const self = `/resource_providers/${host.uuid}`;
  const rels = ['inventories', 'usages', 'aggregates', 'traits', 'allocations'];
  return {
    uuid: host.uuid,
    name: host.name,
    generation: host.generation,
    links: [{ rel: 'self', href: self }, ...rels.map((rel) => ({ rel, href: `${self}/${rel}` }))],
    parent_provider_uuid: null,
    root_provider_uuid: host.uuid,
  };
}

export function inventories({ world, params }: PlacementContext): Answer {
  const host = hostBy(world, params['id']);
  return { status: 200, body: { resource_provider_generation: host.generation, inventories: inventoryOf(host) } };
}

function inventoryOf({ size }: Host): Record<string, unknown> {
  const row = (total: number, reserved: number, allocation_ratio: number) => ({
    total,
    reserved,
    min_unit: 1,
    max_unit: total,
    step_size: 1,
    allocation_ratio,
  });
  return { VCPU: row(size.vcpus, 0, 16), MEMORY_MB: row(size.ram, 512, 1.5), DISK_GB: row(size.disk, 0, 1) };
}

export function usages({ world, params }: PlacementContext): Answer {
  const host = hostBy(world, params['id']);
  return { status: 200, body: { resource_provider_generation: host.generation, usages: resources(host.allocated) } };
}

/** By consumer: servers, and the migrations that hold the room their server is leaving. */
export function providerAllocations({ world, params, version }: PlacementContext): Answer {
  const host = hostBy(world, params['id']);
  const rows: Record<string, unknown> = {};
  const generation = version >= 28 ? { consumer_generation: 1 } : {};
  for (const server of world.servers.values()) {
    if (server.allocation === host.name) rows[server.id] = { resources: held(server.flavor), ...generation };
  }
  for (const [id, { host: at, server }] of world.held) {
    if (at === host.name) rows[id] = { resources: held(server.flavor), ...generation };
  }
  return { status: 200, body: { resource_provider_generation: host.generation, allocations: rows } };
}

export function traits({ world, params }: PlacementContext): Answer {
  const host = hostBy(world, params['id']);
  const all = host.traitDisabled ? [...TRAITS, 'COMPUTE_STATUS_DISABLED'] : TRAITS;
  return { status: 200, body: { traits: all, resource_provider_generation: host.generation } };
}
