import { badRequest, notFound } from '../fault.ts';
import { isUp, services, zoneOf } from '../hosts.ts';
import type { Answer } from '../http.ts';
import { repr } from '../json.ts';
import type { Host, Resources } from '../world.ts';
import { invalid, onlyKeys } from './checks.ts';
import { bodyFields, type NovaContext, requireAdmin } from './context.ts';

const WORDS = ['enable', 'disable', 'Enable', 'Disable', 'ENABLE', 'DISABLE'];

export function listHosts(context: NovaContext): Answer {
  requireAdmin(context, 'os-hosts:list');
  const { world } = context;
  const hosts = services(world).map(({ host, binary }) => ({
    host_name: host,
    service: binary.replace('nova-', ''),
    zone: binary === 'nova-compute' ? zoneOf(world, host) : 'internal',
  }));
  return { status: 200, body: { hosts } };
}

export function showHost(context: NovaContext): Answer {
  requireAdmin(context, 'os-hosts:show');
  const host = named(context);
  const used = sum([...host.servers].map(({ flavor }) => flavor));
  const row = (project: string, { vcpus, ram, disk }: Resources) => ({
    resource: { host: host.name, project, cpu: vcpus, memory_mb: ram, disk_gb: disk },
  });
  const projects = [...new Set([...host.servers].map(({ project }) => project))].map((project) =>
    row(project, sum([...host.servers].filter((server) => server.project === project).map(({ flavor }) => flavor))),
  );
  const rows = [
    row('(total)', host.size),
    row('(used_now)', { ...used, ram: used.ram + 512 }),
    row('(used_max)', used),
  ];
  return { status: 200, body: { host: [...rows, ...projects] } };
}

function sum(rows: readonly Resources[]): Resources {
  const total = { vcpus: 0, ram: 0, disk: 0 };
  for (const { vcpus, ram, disk } of rows) {
    total.vcpus += vcpus;
    total.ram += ram;
    total.disk += disk;
  }
  return total;
}

/** PUT os-hosts/HOST: an echo; nothing comes of it. */
export function updateHost(context: NovaContext): Answer {
  const body = bodyFields(context);
  onlyKeys(null, body, ['status', 'maintenance_mode']);
  for (const key of ['status', 'maintenance_mode']) {
    const value = body[key];
    if (value !== undefined && !WORDS.includes(String(value)))
      throw invalid(key, value, `${repr(value)} is not one of ${repr(WORDS)}`);
  }
  requireAdmin(context, 'os-hosts:update');
  const { status, maintenance_mode: mode } = body;
  const host = named(context);
  if (!isUp(context.world, host.service))
    throw badRequest(`Compute service of ${host.name} is unavailable at this time.`);
  const on = (word: unknown) => String(word).toLowerCase() === 'enable';
  return {
    status: 200,
    body: {
      host: host.name,
      ...(status === undefined ? {} : { status: on(status) ? 'enabled' : 'disabled' }),
      ...(mode === undefined ? {} : { maintenance_mode: on(mode) ? 'on_maintenance' : 'off_maintenance' }),
    },
  };
}

export function powerHost(context: NovaContext): Answer {
  requireAdmin(context, 'os-hosts:reboot');
  const verb = context.params['verb'] ?? '';
  if (!['startup', 'shutdown', 'reboot'].includes(verb)) throw notFound();
  return { status: 200, body: { host: named(context).name, power_action: verb } };
}

function named({ world, params }: NovaContext): Host {
  const host = world.hosts.get(params['id'] ?? '');
  if (!host) throw notFound(`Host '${params['id']}' is not mapped to any cell`);
  return host;
}
