import { badRequest, conflict, notFound } from '../fault.ts';
import type { Answer } from '../http.ts';
import { type Fields, fields, stamp, text } from '../json.ts';
import type { Aggregate } from '../world.ts';
import { required, shortText } from './checks.ts';
import { bodyFields, bodyWith, type NovaContext, requireAdmin } from './context.ts';

const ZONE = 'availability_zone';

export function listAggregates(context: NovaContext): Answer {
  requireAdmin(context, 'os-aggregates:index');
  return { status: 200, body: { aggregates: context.world.aggregates.map((each) => view(context, each)) } };
}

export function showAggregate(context: NovaContext): Answer {
  requireAdmin(context, 'os-aggregates:show');
  return { status: 200, body: { aggregate: view(context, find(context)) } };
}

export function createAggregate(context: NovaContext): Answer {
  const wish = bodyWith(context, 'aggregate');
  requireAdmin(context, 'os-aggregates:create');
  const { world } = context;
  required('aggregate', wish, ['name']);
  const name = shortText('name', wish['name']) ?? '';
  refuseTaken(context, name);
  const zone = text(wish[ZONE]);
  const made: Aggregate = {
    id: world.next.aggregate++,
    uuid: world.chance.uuid(),
    created: world.now(),
    updated: null,
    name,
    hosts: [],
    metadata: zone === undefined ? {} : { [ZONE]: zone },
  };
  world.aggregates.push(made);
  const { hosts: _hosts, metadata: _metadata, ...fresh } = view(context, made);
  return { status: 200, body: { aggregate: fresh } };
}

export function updateAggregate(context: NovaContext): Answer {
  const wish = bodyWith(context, 'aggregate');
  requireAdmin(context, 'os-aggregates:update');
  const aggregate = find(context);
  const name = shortText('name', wish['name']);
  if (name !== undefined && name !== aggregate.name) {
    refuseTaken(context, name);
    // nova writes the name before it looks at the zone, and leaves it so when it refuses the zone
    aggregate.name = name;
  }
  const zone = text(wish[ZONE]);
  if (zone !== undefined && zone !== aggregate.metadata[ZONE]) {
    refuseUsed(context, aggregate);
    aggregate.metadata[ZONE] = zone;
  }
  aggregate.updated = context.world.now();
  return { status: 200, body: { aggregate: view(context, aggregate) } };
}

export function deleteAggregate(context: NovaContext): Answer {
  requireAdmin(context, 'os-aggregates:delete');
  const { aggregates } = context.world;
  const aggregate = find(context);
  if (aggregate.hosts.length > 0) {
    throw badRequest(`Cannot remove host from aggregate ${aggregate.id}. Reason: Host aggregate is not empty.`);
  }
  aggregates.splice(aggregates.indexOf(aggregate), 1);
  return { status: 200 };
}

export function aggregateAction(context: NovaContext): Answer {
  const body = bodyFields(context);
  const name = Object.keys(body)[0] ?? '';
  const value = fields(body[name]);
  if (name === 'add_host' || name === 'remove_host') required(name, value, ['host']);
  switch (name) {
    case 'add_host':
      return addHost(context, text(value['host']) ?? '');
    case 'remove_host':
      return removeHost(context, text(value['host']) ?? '');
    case 'set_metadata':
      return setMetadata(context, fields(value['metadata']));
    default:
      throw badRequest(`There is no such action: ${name}`);
  }
}

function addHost(context: NovaContext, host: string): Answer {
  requireAdmin(context, 'os-aggregates:add_host');
  const aggregate = find(context);
  const { world } = context;
  if (!world.hosts.has(host)) throw notFound(`Compute host ${host} could not be found.`);
  if (aggregate.hosts.includes(host)) throw conflict(`Aggregate ${aggregate.id} already has host ${host}.`);
  const zone = aggregate.metadata[ZONE];
  const other = world.aggregates.find((each) => each.hosts.includes(host) && each.metadata[ZONE] !== undefined);
  if (zone !== undefined && other && other.metadata[ZONE] !== zone) {
    throw conflict(
      `Cannot add host to aggregate ${aggregate.id}. Reason: One or more hosts already in availability zone(s) ['${other.metadata[ZONE]}'].`,
    );
  }
  aggregate.hosts.push(host);
  return { status: 200, body: { aggregate: view(context, aggregate) } };
}

function removeHost(context: NovaContext, host: string): Answer {
  requireAdmin(context, 'os-aggregates:remove_host');
  const aggregate = find(context);
  if (!aggregate.hosts.includes(host)) throw notFound(`Cannot remove host ${host} in aggregate ${aggregate.id}`);
  aggregate.hosts = aggregate.hosts.filter((each) => each !== host);
  return { status: 200, body: { aggregate: view(context, aggregate) } };
}

function setMetadata(context: NovaContext, metadata: Fields): Answer {
  requireAdmin(context, 'os-aggregates:set_metadata');
  const aggregate = find(context);
  if (ZONE in metadata && metadata[ZONE] !== aggregate.metadata[ZONE]) refuseUsed(context, aggregate);
  for (const [key, value] of Object.entries(metadata)) {
    if (value === null) delete aggregate.metadata[key];
    else aggregate.metadata[key] = String(value);
  }
  aggregate.updated = context.world.now();
  return { status: 200, body: { aggregate: view(context, aggregate) } };
}

function refuseTaken({ world }: NovaContext, name: string): void {
  if (world.aggregates.some((each) => each.name === name)) throw conflict(`Aggregate ${name} already exists.`);
}

function refuseUsed({ world }: NovaContext, aggregate: Aggregate): void {
  if (!aggregate.hosts.some((host) => (world.hosts.get(host)?.servers.size ?? 0) > 0)) return;
  throw badRequest(
    `Cannot update aggregate ${aggregate.id}. Reason: One or more hosts contain instances in this zone.`,
  );
}

function find({ world, params }: NovaContext): Aggregate {
  if (!/^\d+$/.test(params['id'] ?? '')) throw badRequest('Invalid input received: id must be an integer');
  const aggregate = world.aggregates.find(({ id }) => String(id) === params['id']);
  if (!aggregate) throw notFound(`Aggregate ${params['id']} could not be found.`);
  return aggregate;
}

function view({ minor }: NovaContext, aggregate: Aggregate): Record<string, unknown> {
  return {
    id: aggregate.id,
    ...(minor >= 41 ? { uuid: aggregate.uuid } : {}),
    name: aggregate.name,
    hosts: aggregate.hosts,
    metadata: aggregate.metadata,
    created_at: stamp(aggregate.created),
    updated_at: stamp(aggregate.updated),
    deleted_at: null,
    deleted: false,
    availability_zone: aggregate.metadata[ZONE] ?? null,
  };
}
