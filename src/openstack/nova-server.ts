import { z } from 'zod';
import type { Flavor, Server } from './cloud.ts';
import { ProjectId, ServerId } from './names.ts';
import { Moment, maybeHost, moment } from './wire.ts';

const WireFlavor = z.looseObject({
  // Below 2.47 a flavor is an id and a link; from 2.47 it is embedded.
  id: z.string().optional(),
  original_name: z.string().optional(),
  vcpus: z.number().optional(),
  ram: z.number().optional(),
  disk: z.number().optional(),
  extra_specs: z.record(z.string(), z.string()).optional(),
});

const Fault = z.looseObject({ message: z.string(), created: Moment });

/** Permissive: a server in an unreachable cell is a stub of `id`, `status`, `tenant_id` and `created`. */
const WireServer = z.object({
  id: ServerId,
  status: z.string(),
  name: z.string().optional(),
  tenant_id: ProjectId,
  user_id: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  image: z.unknown().optional(),
  flavor: WireFlavor.optional(),
  created: z.string().nullish(),
  updated: z.string().nullish(),
  'OS-EXT-AZ:availability_zone': z.string().nullish(),
  'OS-EXT-SRV-ATTR:host': z.string().nullish(),
  'OS-EXT-SRV-ATTR:hypervisor_hostname': z.string().nullish(),
  'OS-EXT-STS:task_state': z.string().nullish(),
  'OS-EXT-STS:vm_state': z.string().nullish(),
  'OS-EXT-STS:power_state': z.number().nullish(),
  'os-extended-volumes:volumes_attached': z.array(z.unknown()).optional(),
  host_status: z.string().nullish(),
  locked: z.boolean().optional(),
  locked_reason: z.string().nullish(),
  pinned_availability_zone: z.string().nullish(),
  fault: Fault.optional(),
});
type WireServer = z.output<typeof WireServer>;

export const NovaServer = WireServer.transform(toServer);

function toServer(wire: WireServer): Server {
  return {
    id: wire.id,
    name: wire.name ?? '(cell unreachable)',
    project: wire.tenant_id,
    user: wire.user_id ?? '',
    status: wire.status.toUpperCase(),
    vmState: wire['OS-EXT-STS:vm_state'] ?? null,
    taskState: wire['OS-EXT-STS:task_state'] ?? null,
    powerState: wire['OS-EXT-STS:power_state'] ?? null,
    host: maybeHost(wire['OS-EXT-SRV-ATTR:host']),
    hypervisor: wire['OS-EXT-SRV-ATTR:hypervisor_hostname'] ?? null,
    hostStatus: wire.host_status || null,
    locked: wire.locked ?? null,
    lockedReason: wire.locked_reason ?? null,
    zone: wire['OS-EXT-AZ:availability_zone'] || null,
    pinnedZone: wire.pinned_availability_zone,
    flavor: toFlavor(wire.flavor),
    metadata: wire.metadata ?? {},
    volumes: wire['os-extended-volumes:volumes_attached']?.length ?? 0,
    // Nova shows an empty string instead of an image for a server that boots from a volume.
    bootsFromVolume: wire.image === '',
    fault: wire.fault ? { message: wire.fault.message, created: wire.fault.created } : null,
    createdAt: moment(wire.created),
    updatedAt: moment(wire.updated),
  };
}

function toFlavor(wire: z.output<typeof WireFlavor> | undefined): Flavor {
  return {
    name: wire?.original_name ?? wire?.id ?? null,
    vcpus: wire?.vcpus ?? null,
    ramMb: wire?.ram ?? null,
    diskGb: wire?.disk ?? null,
    extraSpecs: wire?.extra_specs ?? {},
  };
}
