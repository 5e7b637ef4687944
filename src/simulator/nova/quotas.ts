import { badRequest } from '../fault.ts';
import type { Answer } from '../http.ts';
import { projectOf } from '../keystone/identity.ts';
import type { World } from '../world.ts';
import { onlyKeys } from './checks.ts';
import { admin, bodyWith, type NovaContext, refused, requireAdmin } from './context.ts';

const DEFAULTS: Readonly<Record<string, number>> = {
  cores: 20,
  instances: 10,
  key_pairs: 100,
  metadata_items: 128,
  ram: 51_200,
  server_group_members: 10,
  server_groups: 10,
};

export function usage(world: World, project: string): { instances: number; cores: number; ram: number } {
  const used = { instances: 0, cores: 0, ram: 0 };
  for (const server of world.servers.values()) {
    if (server.project !== project) continue;
    used.instances += 1;
    used.cores += server.flavor.vcpus;
    used.ram += server.flavor.ram;
  }
  return used;
}

function limitsOf(world: World, project: string): Record<string, number> {
  return { ...DEFAULTS, ...world.quotas.get(project) };
}

export function limits(context: NovaContext): Answer {
  const { world, token, request } = context;
  const own = projectOf(token) ?? '';
  const project = request.query.get('tenant_id') ?? own;
  if (project !== own) requireAdmin(context, 'limits:other_project');
  const quota = limitsOf(world, project);
  const used = usage(world, project);
  return {
    status: 200,
    body: {
      limits: {
        rate: [],
        absolute: {
          maxTotalInstances: quota['instances'],
          maxTotalCores: quota['cores'],
          maxTotalRAMSize: quota['ram'],
          maxServerMeta: 128,
          maxTotalKeypairs: 100,
          maxServerGroups: 10,
          maxServerGroupMembers: 10,
          totalRAMUsed: used.ram,
          totalCoresUsed: used.cores,
          totalInstancesUsed: used.instances,
          totalServerGroupsUsed: world.groups.filter((group) => group.project === project).length,
        },
      },
    },
  };
}

export function showQuota(context: NovaContext): Answer {
  const project = readable(context, 'show');
  return { status: 200, body: { quota_set: { id: project, ...limitsOf(context.world, project) } } };
}

export function showQuotaInDetail(context: NovaContext): Answer {
  const project = readable(context, 'detail');
  const used: Readonly<Record<string, number>> = usage(context.world, project);
  const rows = Object.entries(limitsOf(context.world, project)).map(([key, limit]) => [
    key,
    { limit, in_use: used[key] ?? 0, reserved: 0 },
  ]);
  return { status: 200, body: { quota_set: { id: project, ...Object.fromEntries(rows) } } };
}

export function showDefaults({ params }: NovaContext): Answer {
  return { status: 200, body: { quota_set: { id: params['id'], ...DEFAULTS } } };
}

export function updateQuota(context: NovaContext): Answer {
  const wish = bodyWith(context, 'quota_set');
  requireAdmin(context, 'os-quota-sets:update');
  onlyKeys('quota_set', wish, [...Object.keys(DEFAULTS), 'force']);
  const { world } = context;
  const project = projectNamed(context);
  const quota = { ...world.quotas.get(project) };
  for (const [key, value] of Object.entries(wish)) if (key in DEFAULTS && typeof value === 'number') quota[key] = value;
  world.quotas.set(project, quota);
  return { status: 200, body: { quota_set: limitsOf(world, project) } };
}

function projectNamed({ world, params }: NovaContext): string {
  const project = params['id'] ?? '';
  if (!world.identity.projects.has(project)) throw badRequest(`Project ID ${project} is not a valid project.`);
  return project;
}

function readable(context: NovaContext, rule: string): string {
  const project = projectNamed(context);
  if (project !== projectOf(context.token) && !admin(context)) throw refused(`os-quota-sets:${rule}`);
  return project;
}

export function tenantUsage(context: NovaContext): Answer {
  requireAdmin(context, 'os-simple-tenant-usage:list');
  const { world } = context;
  const now = world.now().toISOString().replace('Z', '000');
  const rows = [...new Set([...world.servers.values()].map(({ project }) => project))].map((project) => {
    const { cores, ram, instances } = usage(world, project);
    return {
      tenant_id: project,
      total_local_gb_usage: 0,
      total_vcpus_usage: cores,
      total_memory_mb_usage: ram,
      total_hours: instances,
      start: now,
      stop: now,
    };
  });
  return { status: 200, body: { tenant_usages: rows } };
}
