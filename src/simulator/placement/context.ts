import { notFound } from '../fault.ts';
import type { Request } from '../http.ts';
import type { Host, Resources, World } from '../world.ts';

export interface PlacementContext {
  readonly world: World;
  readonly request: Request;
  readonly params: Readonly<Record<string, string>>;
  /** The minor of the microversion that the request asked for. */
  readonly version: number;
}

export const TRAITS = [
  'COMPUTE_NODE',
  'COMPUTE_DEVICE_TAGGING',
  'COMPUTE_NET_ATTACH_INTERFACE',
  'COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG',
  'COMPUTE_VOLUME_ATTACH_WITH_TAG',
  'COMPUTE_VOLUME_EXTEND',
  'COMPUTE_VOLUME_MULTI_ATTACH',
  'COMPUTE_TRUSTED_CERTS',
  'COMPUTE_IMAGE_TYPE_RAW',
  'COMPUTE_ACCELERATORS',
];

export function hostBy(world: World, id: string | undefined): Host {
  const host = [...world.hosts.values()].find(({ uuid }) => uuid === id);
  if (!host) throw notFound(`No resource provider with uuid ${id} found`);
  return host;
}

/** As Placement notes them: of what is none no row exists. */
export function held(size: Resources): Record<string, number> {
  return Object.fromEntries(Object.entries(resources(size)).filter(([, amount]) => amount > 0));
}

export function resources({ vcpus, ram, disk }: Resources): Record<string, number> {
  return { VCPU: vcpus, MEMORY_MB: ram, DISK_GB: disk };
}
