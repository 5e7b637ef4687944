import { badRequest } from '../fault.ts';
import type { Answer } from '../http.ts';
import type { Host } from '../world.ts';
import { type PlacementContext, resources, TRAITS } from './context.ts';

export function allocations({ world, params }: PlacementContext): Answer {
  const id = params['id'] ?? '';
  const held = world.held.get(id);
  const server = world.servers.get(id) ?? held?.server;
  const host = world.hosts.get(held?.host ?? server?.allocation ?? '');
  if (!server || !host) return { status: 200, body: { allocations: {} } };
  const row = { resources: resources(server.flavor), generation: host.generation };
  return {
    status: 200,
    body: {
      allocations: { [host.uuid]: row },
      project_id: server.project,
      user_id: server.user,
      consumer_generation: 1,
      consumer_type: held ? 'MIGRATION' : 'INSTANCE',
    },
  };
}

export function candidates({ world, request }: PlacementContext): Answer {
  const asked = new Map(
    (request.query.get('resources') ?? '').split(',').map((pair): [string, number] => {
      const [name = '', amount] = pair.split(':');
      return [name, Number(amount)];
    }),
  );
  if ([...asked.values()].some(Number.isNaN))
    throw badRequest('There must be at least one resources or resources[$S] parameter.');
  const forbidsDisabled = (request.query.get('required') ?? '').includes('!COMPUTE_STATUS_DISABLED');
  const fitting = [...world.hosts.values()].filter(
    (host) => fits(host, asked) && !(forbidsDisabled && host.traitDisabled),
  );
  const wish = Object.fromEntries(asked);
  const requests = fitting.map(({ uuid }) => ({
    allocations: { [uuid]: { resources: wish } },
    mappings: { '': [uuid] },
  }));
  const summaries = Object.fromEntries(fitting.map((host) => [host.uuid, summary(host)]));
  return { status: 200, body: { allocation_requests: requests, provider_summaries: summaries } };
}

function fits(host: Host, asked: ReadonlyMap<string, number>): boolean {
  const used = resources(host.allocated);
  const most = capacity(host);
  return [...asked].every(([name, amount]) => (most[name] ?? -1) - (used[name] ?? 0) >= amount);
}

function capacity({ size }: Host): Record<string, number> {
  return { VCPU: size.vcpus * 16, MEMORY_MB: (size.ram - 512) * 1.5, DISK_GB: size.disk };
}

function summary(host: Host): unknown {
  const used = resources(host.allocated);
  const rows = Object.entries(capacity(host)).map(([name, most]) => [name, { capacity: most, used: used[name] ?? 0 }]);
  const traits = host.traitDisabled ? [...TRAITS, 'COMPUTE_STATUS_DISABLED'] : TRAITS;
  return {
    resources: Object.fromEntries(rows),
    traits,
    parent_provider_uuid: null,
    root_provider_uuid: host.uuid,
  };
}
