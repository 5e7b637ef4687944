import type { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { serverOrNull } from './look.ts';
import type { MoveInput } from './move-intent.ts';

/** From here on Nova asks its scheduler about a host that is named; before, it would take any, a full one too. */
const schedulerIsAsked = 30;

/** A host that Placement would give the server, not the one where it did not arrive; null where there is none. */
export async function anotherHost(
  { server: id, from }: MoveInput,
  avoid: HostName,
  { cloud }: StepContext,
): Promise<{ host: HostName; avoid: HostName } | null> {
  if ((await cloud.about()).computeVersion.minor < schedulerIsAsked) return null;
  const server = await serverOrNull(cloud, id);
  const candidates = server === null ? null : await cloud.candidates(server);
  if (candidates === null) return null;
  const computes = await cloud.services({ binary: 'nova-compute' });
  const taking = new Set(
    computes.filter(({ status, state }) => status === 'enabled' && state === 'up').map(({ host }) => host),
  );
  const free = ({ capacity, used }: (typeof candidates.rooms)[number]) =>
    (capacity['MEMORY_MB'] ?? 0) - (used['MEMORY_MB'] ?? 0);
  const [room] = candidates.rooms
    .filter(({ host }) => host !== avoid && host !== from && taking.has(host))
    .toSorted((a, b) => free(b) - free(a));
  return room === undefined ? null : { host: room.host, avoid };
}
