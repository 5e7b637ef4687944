import { badRequest } from '../fault.ts';
import type { Server } from '../world.ts';
import { boolQuery } from './checks.ts';
import { admin, type NovaContext } from './context.ts';
import { statusOf } from './server-view.ts';

export const KNOWN_QUERY = (
  'limit marker sort_key sort_dir all_tenants user_id project_id tenant_id launch_index image image_ref kernel_id ramdisk_id ' +
  'hostname key_name power_state vm_state task_state host node flavor reservation_id launched_at terminated_at availability_zone ' +
  'name display_name description display_description uuid root_device_name config_drive accessIPv4 access_ip_v4 accessIPv6 ' +
  'access_ip_v6 auto_disk_config progress ip ip6 changes-since changes-before tags tags-any not-tags not-tags-any created_at ' +
  'updated_at status deleted block_device_mapping services metadata system_metadata info_cache security_groups pci_devices ' +
  'soft_deleted locked'
).split(' ');

const STATUSES = new Set(
  (
    'ACTIVE BUILD DELETED ERROR HARD_REBOOT MIGRATING PASSWORD PAUSED REBOOT REBUILD RESCUE RESIZE REVERT_RESIZE SHELVED ' +
    'SHELVED_OFFLOADED SHUTOFF SOFT_DELETED SUSPENDED VERIFY_RESIZE'
  ).split(' '),
);

type Keep = (server: Server) => boolean;

/** All the filters of the query as one. Those that are for admins only are silently dropped for others. */
export function keepOf(context: NovaContext): Keep {
  const filters = [...forAll(context), ...(admin(context) ? forAdmins(context) : [])];
  return (server) => filters.every((filter) => filter(server));
}

function forAll(context: NovaContext): Keep[] {
  const { query } = context.request;
  const filters: Keep[] = [];
  const name = query.get('name') ?? query.get('display_name');
  if (name !== null) {
    const pattern = regular(name);
    filters.push((server) => pattern.test(server.name));
  }
  const statuses = query.getAll('status').map((status) => status.toUpperCase());
  if (statuses.length > 0) filters.push(byStatus(context, statuses));
  const since = query.get('changes-since');
  if (since !== null) {
    const from = new Date(since);
    filters.push((server) => server.updated >= from);
  }
  const locked = context.minor >= 73 ? boolQuery(context, 'locked') : undefined;
  if (locked !== undefined) {
    filters.push((server) => (server.lockedBy !== null) === locked);
  }
  filters.push(...byTags(context));
  return filters;
}

function byStatus({ minor }: NovaContext, statuses: readonly string[]): Keep {
  if (!statuses.every((status) => STATUSES.has(status))) {
    if (minor >= 38) throw badRequest('Invalid status value');
    return () => false;
  }
  return (server) => statuses.includes(statusOf(server));
}

function byTags({ request, minor }: NovaContext): Keep[] {
  const all = request.query.get('tags')?.split(',');
  const any = request.query.get('tags-any')?.split(',');
  const filters: Keep[] = [];
  if (minor >= 26 && all) filters.push(({ tags }) => all.every((tag) => tags.includes(tag)));
  if (minor >= 26 && any) filters.push(({ tags }) => any.some((tag) => tags.includes(tag)));
  return filters;
}

function forAdmins({ request }: NovaContext): Keep[] {
  const { query } = request;
  const filters: Keep[] = [];
  const exact = (key: string, value: (server: Server) => string | null) => {
    const wanted = query.get(key);
    if (wanted !== null) filters.push((server) => value(server) === wanted);
  };
  exact('host', ({ host }) => host);
  exact('node', ({ host }) => host);
  exact('uuid', ({ id }) => id);
  exact('vm_state', ({ vmState }) => vmState);
  exact('task_state', ({ taskState }) => taskState);
  exact('user_id', ({ user }) => user);
  exact('project_id', ({ project }) => project);
  exact('availability_zone', ({ zone }) => zone);
  exact('flavor', ({ flavor }) => flavor.id);
  // tenant_id means nothing without all_tenants, where the own project is all there is
  if (query.get('all_tenants') !== null) exact('tenant_id', ({ project }) => project);
  return filters;
}

/** MySQL's REGEXP ignores case; a broken pattern finds nothing here. */
function regular(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'i');
  } catch {
    return /(?!)/;
  }
}
