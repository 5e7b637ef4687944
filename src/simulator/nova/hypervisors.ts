import { badRequest, HttpFault, notFound } from '../fault.ts';
import { isUp } from '../hosts.ts';
import type { Answer } from '../http.ts';
import type { Host } from '../world.ts';
import { flagQuery, knownQuery, numberQuery } from './checks.ts';
import { type NovaContext, requireAdmin } from './context.ts';
import { nextLink } from './paging.ts';
import { instanceName } from './server-view.ts';

const KNOWN = ['limit', 'marker', 'hypervisor_hostname_pattern', 'with_servers'];
const CPU = {
  arch: 'x86_64',
  model: 'Nehalem',
  vendor: 'Intel',
  features: ['pge', 'clflush'],
  topology: { cores: 1, threads: 1, sockets: 4 },
};

export function listHypervisors(context: NovaContext): Answer {
  return listed(context, 'list', (host) => brief(context, host));
}

export function listHypervisorsInDetail(context: NovaContext): Answer {
  return listed(context, 'list-detail', (host) => detail(context, host));
}

function listed(context: NovaContext, rule: string, view: (host: Host) => Record<string, unknown>): Answer {
  requireAdmin(context, `os-hypervisors:${rule}`);
  const { minor, request } = context;
  knownQuery(context, KNOWN, 53);
  const pattern = minor >= 53 ? request.query.get('hypervisor_hostname_pattern') : null;
  if (pattern !== null && (request.query.has('limit') || request.query.has('marker'))) {
    throw badRequest(
      'The server could not comply with the request since it is either malformed or otherwise incorrect.',
    );
  }
  const found = byNumber(context).filter(({ name }) => pattern === null || name.includes(pattern));
  if (pattern !== null && found.length === 0) throw notFound(`No hypervisor matching '${pattern}' could be found.`);
  const { page, next } = minor >= 33 ? paged(context, found) : { page: found, next: {} };
  const servers = minor >= 53 && flagQuery(context, 'with_servers');
  const hypervisors = page.map((host) => ({ ...view(host), ...(servers ? serversOn(context, host) : {}) }));
  return { status: 200, body: { hypervisors, ...next } };
}

function paged(context: NovaContext, hosts: readonly Host[]): { page: Host[]; next: Record<string, unknown> } {
  const limit = Math.min(numberQuery(context, 'limit') ?? 1000, 1000);
  const marker = context.request.query.get('marker');
  const index = marker === null ? -1 : hosts.findIndex((host) => idOf(context, host) === marker);
  if (marker !== null && index < 0) throw badRequest(`marker [${marker}] not found`);
  const page = hosts.slice(index + 1, index + 1 + limit);
  const last = page.at(-1);
  const next = last && page.length === limit ? { hypervisors_links: nextLink(context, idOf(context, last)) } : {};
  return { page, next };
}

function byNumber({ world }: NovaContext): Host[] {
  const reached = [...world.hosts.values()].filter(({ cell }) => !world.cellsDown.has(cell));
  return reached.sort((a, b) => a.number - b.number);
}

function idOf({ minor }: NovaContext, host: Host): string {
  return minor >= 53 ? host.uuid : String(host.number);
}

export function showHypervisor(context: NovaContext): Answer {
  requireAdmin(context, 'os-hypervisors:show');
  knownQuery(context, ['with_servers'], 53);
  const host = hypervisorOf(context);
  const servers = context.minor >= 53 && flagQuery(context, 'with_servers');
  return {
    status: 200,
    body: { hypervisor: { ...detail(context, host), ...(servers ? serversOn(context, host) : {}) } },
  };
}

function hypervisorOf(context: NovaContext): Host {
  const id = context.params['id'] ?? '';
  if (context.minor >= 53 && !/^[0-9a-f-]{36}$/.test(id)) throw badRequest(`Invalid uuid ${id}`);
  const host = byNumber(context).find((each) => idOf(context, each) === id);
  if (!host) throw notFound(`Hypervisor with ID '${id}' could not be found.`);
  return host;
}

export function uptime(context: NovaContext): Answer {
  requireAdmin(context, 'os-hypervisors:uptime');
  hypervisorOf(context);
  throw new HttpFault(501, 'The requested functionality is not supported.');
}

/** GET os-hypervisors/PATTERN/servers and /search, before 2.53. */
export function serversByPattern(context: NovaContext): Answer {
  requireAdmin(context, 'os-hypervisors:servers');
  return {
    status: 200,
    body: { hypervisors: matching(context).map((host) => ({ ...brief(context, host), ...serversOn(context, host) })) },
  };
}

export function search(context: NovaContext): Answer {
  requireAdmin(context, 'os-hypervisors:search');
  return { status: 200, body: { hypervisors: matching(context).map((host) => brief(context, host)) } };
}

function matching(context: NovaContext): Host[] {
  const pattern = context.params['id'] ?? '';
  const found = byNumber(context).filter(({ name }) => name.includes(pattern));
  if (found.length === 0) throw notFound(`No hypervisor matching '${pattern}' could be found.`);
  return found;
}

export function statistics(context: NovaContext): Answer {
  requireAdmin(context, 'os-hypervisors:statistics');
  const totals: Record<string, number> = { count: context.world.hosts.size };
  for (const host of context.world.hosts.values()) {
    for (const [key, value] of Object.entries(numbers(host))) totals[key] = (totals[key] ?? 0) + value;
  }
  return { status: 200, body: { hypervisor_statistics: totals } };
}

function brief(context: NovaContext, host: Host): Record<string, unknown> {
  return {
    id: context.minor >= 53 ? host.uuid : host.number,
    hypervisor_hostname: host.name,
    state: isUp(context.world, host.service) ? 'up' : 'down',
    status: host.service.disabled ? 'disabled' : 'enabled',
  };
}

function detail(context: NovaContext, host: Host): Record<string, unknown> {
  const { minor } = context;
  const { service } = host;
  const common = {
    ...brief(context, host),
    hypervisor_type: 'QEMU',
    hypervisor_version: 7_002_000,
    host_ip: '127.0.0.1',
    service: { id: minor >= 53 ? service.uuid : service.id, host: host.name, disabled_reason: service.disabledReason },
  };
  if (minor >= 88) return { ...common, uptime: null };
  return { ...common, ...numbers(host), cpu_info: minor >= 28 ? CPU : JSON.stringify(CPU) };
}

function numbers({ size, servers }: Host): Record<string, number> {
  let vcpus = 0;
  let ram = 512;
  let disk = 0;
  for (const { flavor } of servers) {
    vcpus += flavor.vcpus;
    ram += flavor.ram;
    disk += flavor.disk;
  }
  return {
    vcpus: size.vcpus,
    memory_mb: size.ram,
    local_gb: size.disk,
    vcpus_used: vcpus,
    memory_mb_used: ram,
    local_gb_used: disk,
    free_ram_mb: size.ram - ram,
    free_disk_gb: size.disk - disk,
    current_workload: 0,
    running_vms: servers.size,
    disk_available_least: size.disk - disk,
  };
}

/** An empty list is left out before 2.75. */
function serversOn({ minor }: NovaContext, host: Host): Record<string, unknown> {
  if (host.servers.size === 0 && minor < 75) return {};
  return { servers: [...host.servers].map((server) => ({ name: instanceName(server), uuid: server.id })) };
}
