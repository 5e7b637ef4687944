import { createHash } from 'node:crypto';
import { isUp, zoneOf } from '../hosts.ts';
import { seconds, stamp } from '../json.ts';
import type { Server, World } from '../world.ts';
import { admin, type NovaContext } from './context.ts';

const PROGRESS = new Set(['ACTIVE', 'BUILD', 'REBUILD', 'RESIZE', 'VERIFY_RESIZE', 'MIGRATING']);

export function statusOf({ vmState, taskState }: Server): string {
  if (vmState === 'active' || vmState === 'stopped') {
    if (taskState === 'rebooting' || taskState === 'reboot_pending' || taskState === 'reboot_started') return 'REBOOT';
    if (taskState?.startsWith('rebooting_hard') || taskState?.endsWith('_hard')) return 'HARD_REBOOT';
    if (taskState === 'migrating') return vmState === 'active' ? 'MIGRATING' : 'SHUTOFF';
    if (taskState === 'updating_password') return 'PASSWORD';
    if (taskState?.startsWith('rebuild')) return 'REBUILD';
    if (taskState?.startsWith('resize_')) return 'RESIZE';
    return vmState === 'active' ? 'ACTIVE' : 'SHUTOFF';
  }
  switch (vmState) {
    case 'paused':
      return taskState === 'migrating' ? 'MIGRATING' : 'PAUSED';
    case 'building':
      return 'BUILD';
    case 'resized':
      return taskState === 'resize_reverting' ? 'REVERT_RESIZE' : 'VERIFY_RESIZE';
    case 'error':
      return taskState?.startsWith('rebuild') ? 'REBUILD' : 'ERROR';
    case 'soft-delete':
      return 'SOFT_DELETED';
    case 'rescued':
      return 'RESCUE';
    default:
      return vmState.toUpperCase();
  }
}

/** A server in a list without detail. */
export function briefView({ base }: NovaContext, server: Server): Record<string, unknown> {
  return { id: server.id, name: server.name, links: links(base, server) };
}

/** A server in full; `one` is the answer for a single server, which shows its groups. */
export function serverView(context: NovaContext, server: Server, one: boolean): Record<string, unknown> {
  const { base, minor, world } = context;
  const status = statusOf(server);
  const whole: Record<string, unknown> = {
    id: server.id,
    name: server.name,
    status,
    tenant_id: server.project,
    user_id: server.user,
    metadata: server.metadata,
    hostId: hostId(server.project, server.host),
    image: server.bootsFromVolume ? '' : imageView(context),
    flavor: flavorView(context, server),
    created: seconds(server.created),
    updated: seconds(server.updated),
    addresses: {},
    accessIPv4: '',
    accessIPv6: '',
    links: links(base, server),
    'OS-DCF:diskConfig': 'MANUAL',
    'OS-EXT-AZ:availability_zone': server.host === null ? (server.zone ?? '') : zoneOf(world, server.host),
    config_drive: '',
    key_name: null,
    'OS-SRV-USG:launched_at': stamp(server.launched),
    'OS-SRV-USG:terminated_at': stamp(server.terminated),
    'OS-EXT-STS:task_state': server.taskState,
    'OS-EXT-STS:vm_state': server.vmState,
    'OS-EXT-STS:power_state': server.powerState,
    // one volume of the same id as its server: there is no Cinder here
    'os-extended-volumes:volumes_attached': server.bootsFromVolume ? [{ id: server.id }] : [],
  };
  if (PROGRESS.has(status)) whole['progress'] = server.progress;
  if (server.fault && (status === 'ERROR' || status === 'DELETED')) whole['fault'] = faultView(context, server.fault);
  addByVersion(context, server, whole);
  if (admin(context)) addForAdmins(context, server, whole);
  else if (minor >= 90) whole['OS-EXT-SRV-ATTR:hostname'] = server.hostname;
  if (one && minor >= 71)
    whole['server_groups'] = world.groups.filter(({ members }) => members.has(server.id)).map(({ id }) => id);
  return whole;
}

/** What stands for a server of a cell that is down, in a list. */
export function stubView({ base }: NovaContext, server: Server): Record<string, unknown> {
  const { id, project, created } = server;
  return { id, status: 'UNKNOWN', tenant_id: project, created: seconds(created), links: links(base, server) };
}

/** The same for one server: what was asked for when it was made is kept outside its cell. */
export function lostServerView(context: NovaContext, server: Server): Record<string, unknown> {
  return {
    ...stubView(context, server),
    user_id: server.user,
    image: imageView(context),
    flavor: flavorView(context, server),
    'OS-EXT-AZ:availability_zone': server.zone ?? 'UNKNOWN',
    'OS-EXT-STS:power_state': 0,
  };
}

function addByVersion({ minor }: NovaContext, server: Server, whole: Record<string, unknown>): void {
  if (minor >= 9) whole['locked'] = server.lockedBy !== null;
  if (minor >= 19) whole['description'] = server.description;
  if (minor >= 26) whole['tags'] = server.tags;
  if (minor >= 63) whole['trusted_image_certificates'] = null;
  if (minor >= 73) whole['locked_reason'] = server.lockedReason;
}

function addForAdmins({ minor, world }: NovaContext, server: Server, whole: Record<string, unknown>): void {
  const placed = server.host !== null;
  whole['OS-EXT-SRV-ATTR:host'] = server.host;
  whole['OS-EXT-SRV-ATTR:instance_name'] = placed ? instanceName(server) : '';
  whole['OS-EXT-SRV-ATTR:hypervisor_hostname'] = server.host;
  if (minor >= 3) {
    whole['OS-EXT-SRV-ATTR:reservation_id'] = server.reservation;
    whole['OS-EXT-SRV-ATTR:launch_index'] = server.launchIndex;
    whole['OS-EXT-SRV-ATTR:hostname'] = server.hostname;
    whole['OS-EXT-SRV-ATTR:kernel_id'] = '';
    whole['OS-EXT-SRV-ATTR:ramdisk_id'] = '';
    whole['OS-EXT-SRV-ATTR:root_device_name'] = placed ? '/dev/sda' : null;
    whole['OS-EXT-SRV-ATTR:user_data'] = null;
  }
  if (minor >= 16) whole['host_status'] = hostStatus(world, server.host);
}

export function hostStatus(world: World, name: string | null): string {
  const host = name === null ? undefined : world.hosts.get(name);
  if (!host) return '';
  const { service } = host;
  if (service.forcedDown) return 'DOWN';
  if (!isUp(world, service)) return 'UNKNOWN';
  return service.disabled ? 'MAINTENANCE' : 'UP';
}

export function instanceName(server: Server): string {
  return `instance-${server.number.toString(16).padStart(8, '0')}`;
}

const hostIds = new Map<string, string>();

/** What an owner may know of a host: the same for the same host, and different for each project. */
export function hostId(project: string, host: string | null): string {
  if (host === null) return '';
  const known = hostIds.get(project + host);
  if (known !== undefined) return known;
  const made = createHash('sha224')
    .update(project + host)
    .digest('hex');
  hostIds.set(project + host, made);
  return made;
}

function links(base: string, { id }: Server): unknown[] {
  return [
    { rel: 'self', href: `${base}/v2.1/servers/${id}` },
    { rel: 'bookmark', href: `${base}/servers/${id}` },
  ];
}

function imageView({ base, world, minor }: NovaContext): unknown {
  const id = world.images[0]?.id ?? '';
  const properties = minor >= 98 ? { properties: {} } : {};
  return { id, ...properties, links: [{ rel: 'bookmark', href: `${base}/images/${id}` }] };
}

function flavorView({ base, minor }: NovaContext, { flavor }: Server): unknown {
  if (minor < 47) return { id: flavor.id, links: [{ rel: 'bookmark', href: `${base}/flavors/${flavor.id}` }] };
  const { vcpus, ram, disk, name, extraSpecs } = flavor;
  return { vcpus, ram, disk, ephemeral: 0, swap: 0, original_name: name, extra_specs: extraSpecs };
}

function faultView(context: NovaContext, fault: { code: number; message: string; created: Date }): unknown {
  const shown = { code: fault.code, created: seconds(fault.created), message: fault.message };
  // a traceback is for admins only
  return admin(context) ? { ...shown, details: `Traceback (most recent call last):\n${fault.message}\n` } : shown;
}
