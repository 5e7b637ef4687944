import { badRequest } from '../fault.ts';
import type { Answer } from '../http.ts';
import { repr } from '../json.ts';
import { projectOf } from '../keystone/identity.ts';
import type { Server, World } from '../world.ts';
import { boolQuery, dateQuery, numberQuery } from './checks.ts';
import { admin, maySee, type NovaContext, refused } from './context.ts';
import { nextLink } from './paging.ts';
import { KNOWN_QUERY, keepOf } from './server-filters.ts';
import { briefView, serverView, stubView } from './server-view.ts';

const MAX = 1000;

export function listServers(context: NovaContext): Answer {
  return listed(context, 'index', (server) =>
    context.world.cellsDown.has(server.cell) ? briefStub(context, server) : briefView(context, server),
  );
}

export function listServersInDetail(context: NovaContext): Answer {
  return listed(context, 'detail', (server) =>
    context.world.cellsDown.has(server.cell) ? stubView(context, server) : serverView(context, server, false),
  );
}

function listed(context: NovaContext, rule: 'index' | 'detail', view: (server: Server) => unknown): Answer {
  checkQuery(context);
  const limit = Math.min(numberQuery(context, 'limit') ?? MAX, MAX);
  const all = allTenants(context, rule);
  const found = sorted(context, candidates(context, all));
  const from = startAfter(context, found);
  const page: Server[] = [];
  const keep = keepOf(context);
  for (let index = from; index < found.length && page.length < limit; index += 1) {
    const server = found[index];
    if (server && keep(server)) page.push(server);
  }
  const last = page.at(-1);
  const next = last && page.length === limit ? { servers_links: nextLink(context, last.id) } : {};
  return { status: 200, body: { servers: page.map(view), ...next } };
}

const SORT_KEYS = (
  'updated_at launched_at locked_by created_at kernel_id instance_type_id display_description config_drive hostname node ' +
  'root_device_name uuid access_ip_v6 host ramdisk_id launch_index power_state key_name auto_disk_config terminated_at ' +
  'vm_state display_name user_id access_ip_v4 project_id task_state progress locked availability_zone image_ref'
).split(' ');

function checkQuery(context: NovaContext): void {
  const { minor, request } = context;
  const unknown = [...request.query.keys()].find((key) => !(KNOWN_QUERY.includes(key) || key.startsWith('_')));
  if (minor >= 75 && unknown !== undefined) throw badRequest(`'${unknown}' does not match any of the regexes: '^_'`);
  dateQuery(context, 'changes-since');
  const key = request.query.getAll('sort_key').find((each) => !SORT_KEYS.includes(each));
  if (key !== undefined) {
    throw badRequest(
      `Invalid input for query parameters sort_key. Value: ${key}. '${key}' is not one of ${repr(SORT_KEYS)}`,
    );
  }
  if (request.query.getAll('sort_dir').some((direction) => direction !== 'asc' && direction !== 'desc')) {
    throw badRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'");
  }
}

function allTenants(context: NovaContext, rule: string): boolean {
  // an empty value means yes, too
  const all = context.request.query.get('all_tenants') === '' || boolQuery(context, 'all_tenants');
  if (!all) return false;
  if (!admin(context)) throw refused(`servers:${rule}:get_all_tenants`);
  return true;
}

/** The servers that may be meant, newest first: by host when a host is named, for then they are few. */
function candidates(context: NovaContext, all: boolean): readonly Server[] {
  const { world, request, token } = context;
  const host = admin(context) ? request.query.get('host') : null;
  const deleted = admin(context) && boolQuery(context, 'deleted') === true;
  const known = deleted ? [...world.deleted].reverse() : host === null ? newestFirst(world) : ofHost(world, host);
  const base = withStubs(context) ? known : reached(world, known);
  if (all) return base;
  const project = projectOf(token);
  // a token without a project means the servers its user made
  return base.filter((server) => (project === null ? server.user === token.user.id : server.project === project));
}

/** Servers of a cell that is down are left out in silence, except where nothing is filtered, sorted or paged (2.69). */
function withStubs({ minor, request }: NovaContext): boolean {
  return minor >= 69 && [...request.query.keys()].every((key) => key === 'all_tenants');
}

function reached({ cellsDown }: World, servers: readonly Server[]): readonly Server[] {
  return cellsDown.size === 0 ? servers : servers.filter(({ cell }) => !cellsDown.has(cell));
}

function briefStub(context: NovaContext, server: Server): unknown {
  const { id, status, links } = stubView(context, server);
  return { id, status, links };
}

const ordered = new WeakMap<World, { changes: number; servers: Server[] }>();

/** Kept until a server comes or goes: a list of a hundred thousand is not turned round for each page. */
function newestFirst(world: World): readonly Server[] {
  const known = ordered.get(world);
  // each birth raises the first, each death the second
  const changes = world.next.server + world.deleted.length;
  if (known?.changes === changes) return known.servers;
  const servers = [...world.servers.values()].reverse();
  ordered.set(world, { changes, servers });
  return servers;
}

function ofHost(world: World, name: string): Server[] {
  return [...(world.hosts.get(name)?.servers ?? [])].sort((a, b) => b.number - a.number);
}

function sorted(context: NovaContext, servers: readonly Server[]): readonly Server[] {
  const { query } = context.request;
  const keys = query.getAll('sort_key');
  if (keys.length === 0) return servers;
  const directions = query.getAll('sort_dir');
  return [...servers].sort((a, b) => {
    for (const [index, key] of keys.entries()) {
      const order = compare(sortValue(a, key), sortValue(b, key));
      if (order !== 0) return directions[index] === 'asc' ? order : -order;
    }
    return b.number - a.number;
  });
}

function compare(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function sortValue(server: Server, key: string): string | number {
  switch (key) {
    case 'uuid':
      return server.id;
    case 'display_name':
      return server.name;
    case 'host':
      return server.host ?? '';
    case 'vm_state':
      return server.vmState;
    case 'task_state':
      return server.taskState ?? '';
    case 'updated_at':
      return server.updated.getTime();
    case 'project_id':
      return server.project;
    case 'created_at':
      return server.created.getTime();
    default:
      return server.number;
  }
}

function startAfter(context: NovaContext, servers: readonly Server[]): number {
  const marker = context.request.query.get('marker');
  if (marker === null) return 0;
  const server = context.world.servers.get(marker);
  const index = server && maySee(context, server) ? servers.indexOf(server) : -1;
  if (index >= 0) return index + 1;
  if (server && maySee(context, server)) return afterMissing(servers, server);
  throw badRequest(`marker [${marker}] not found`);
}

/** The marker exists but no longer fits the filters, as when it has just moved to another host: go on below it. */
function afterMissing(servers: readonly Server[], marker: Server): number {
  const index = servers.findIndex(({ number }) => number < marker.number);
  return index < 0 ? servers.length : index;
}
