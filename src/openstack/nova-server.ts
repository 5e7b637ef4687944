import { z } from 'zod';
import type { Flavor, Server } from './cloud.ts';
import { ProjectId, ServerId } from './names.ts';
import { maybeHost, moment } from './wire.ts';

/** What every server has, even the stub that stands for one in an unreachable cell. */
const Stub = z.object({ id: ServerId, status: z.string(), tenant_id: ProjectId });

/**
 * Read by hand: ten thousand servers through a schema of thirty keys cost as much as parsing their JSON. What must be
 * there is checked by `Stub`; anything else that is missing or of another type is null.
 */
export const NovaServer = z.unknown().transform((wire, context): Server => {
  const stub = Stub.safeParse(wire);
  if (stub.success && isFields(wire)) return toServer(stub.data, wire);
  const [issue] = stub.error?.issues ?? [];
  context.addIssue({ code: 'custom', message: `server: ${issue?.path.join('.')} ${issue?.message}` });
  return z.NEVER;
});

type Fields = Readonly<Record<string, unknown>>;

function toServer({ id, status, tenant_id: project }: z.output<typeof Stub>, wire: Fields): Server {
  return {
    id,
    name: text(wire['name']) ?? '(cell unreachable)',
    project,
    user: text(wire['user_id']) ?? '',
    status: status.toUpperCase(),
    vmState: text(wire['OS-EXT-STS:vm_state']),
    taskState: text(wire['OS-EXT-STS:task_state']),
    powerState: number(wire['OS-EXT-STS:power_state']),
    host: maybeHost(wire['OS-EXT-SRV-ATTR:host']),
    hypervisor: text(wire['OS-EXT-SRV-ATTR:hypervisor_hostname']),
    hostStatus: text(wire['host_status']) || null,
    locked: typeof wire['locked'] === 'boolean' ? wire['locked'] : null,
    lockedReason: text(wire['locked_reason']),
    zone: text(wire['OS-EXT-AZ:availability_zone']) || null,
    pinnedZone: 'pinned_availability_zone' in wire ? text(wire['pinned_availability_zone']) : undefined,
    flavor: toFlavor(wire['flavor']),
    metadata: words(wire['metadata']),
    volumes: toIds(wire['os-extended-volumes:volumes_attached']),
    // Nova shows an empty string instead of an image for a server that boots from a volume.
    bootsFromVolume: wire['image'] === '',
    imageProperties: toProperties(wire['image']),
    fault: toFault(wire['fault']),
    createdAt: moment(text(wire['created'])),
    updatedAt: moment(text(wire['updated'])),
  };
}

function toIds(wire: unknown): string[] {
  return Array.isArray(wire) ? wire.flatMap((one) => (isFields(one) ? (text(one['id']) ?? []) : [])) : [];
}

/** From 2.47 a flavor is embedded; below it is an id, which stands for its name until the flavor is looked up. */
function toFlavor(wire: unknown): Flavor {
  const fields = isFields(wire) ? wire : {};
  return {
    name: text(fields['original_name']) ?? text(fields['id']),
    vcpus: number(fields['vcpus']),
    ramMb: number(fields['ram']),
    diskGb: number(fields['disk']),
    ephemeralGb: number(fields['ephemeral']),
    extraSpecs: words(fields['extra_specs']),
  };
}

function toProperties(image: unknown): Server['imageProperties'] {
  const told = isFields(image) ? image['properties'] : undefined;
  return isWords(told) ? told : null;
}

function toFault(wire: unknown): Server['fault'] {
  if (!isFields(wire)) return null;
  return { message: text(wire['message']) ?? 'no message', created: moment(text(wire['created'])) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function words(value: unknown): Readonly<Record<string, string>> {
  return isWords(value) ? value : {};
}

function isWords(value: unknown): value is Readonly<Record<string, string>> {
  return isFields(value) && Object.values(value).every((word) => typeof word === 'string');
}
