import type { CloudReader, Room, Server } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { groupAllows } from './judge.ts';
import { serverOrNull } from './look.ts';
import type { MoveInput } from './move-intent.ts';
import { groupsOf, zoneOf } from './server-facts.ts';
import { isTaking } from './survey.ts';

/** From here on Nova asks its scheduler about a host that is named; before, it would take any, a full one too. */
const schedulerIsAsked = 30;

/**
 * A host that Placement would give the server, and that its zone and its group allow, not the one where it did not arrive;
 * the one with the most memory free. Null where there is none.
 */
export async function anotherHost(
  { server: id, from }: MoveInput,
  avoid: HostName,
  { cloud }: Pick<StepContext, 'cloud'>,
): Promise<{ host: HostName; avoid: HostName } | null> {
  if ((await cloud.about()).computeVersion.minor < schedulerIsAsked) return null;
  const server = await serverOrNull(cloud, id);
  const candidates = server === null ? null : await cloud.candidates(server);
  if (server === null || candidates === null) return null;
  const allowed = await hostsAllowed(server, cloud);
  const [room] = candidates.rooms
    .filter(({ host }) => host !== avoid && host !== from && allowed.has(host))
    .toSorted((a, b) => free(b) - free(a));
  return room === undefined ? null : { host: room.host, avoid };
}

/** Up, enabled, in its zone, by the rules of its group. Where nobody tells the zone it asked for, that where it is. */
async function hostsAllowed(server: Server, cloud: CloudReader): Promise<Set<HostName>> {
  const [services, all, pinned] = await Promise.all([
    cloud.services({ binary: 'nova-compute' }),
    cloud.serverGroups(),
    zoneOf(server, cloud),
  ]);
  const groups = await groupsOf([server], all, cloud);
  const zone = pinned === undefined ? server.zone : pinned;
  const fit = services.filter(
    (one) => isTaking(one) && (zone === null || one.zone === zone) && groupAllows(server, one.host, groups),
  );
  return new Set(fit.map(({ host }) => host));
}

function free({ capacity, used }: Room): number {
  return (capacity['MEMORY_MB'] ?? 0) - (used['MEMORY_MB'] ?? 0);
}
