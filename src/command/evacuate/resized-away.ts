import type { HostName } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import { serverOrNull } from '../drain/look.ts';
import { inBatches } from '../drain/server-facts.ts';
import type { PlanRow } from '../plan.ts';

/** Resized or moved away and not confirmed: they run elsewhere, but what a revert needs lies on the dead host. Not touched. */
export async function resizedAway(host: HostName, { cloud }: PlanContext): Promise<PlanRow[]> {
  const unconfirmed = (await cloud.migrations({ host })).filter(
    ({ source, destination, status }) => source === host && destination !== host && status === 'finished',
  );
  const servers = await inBatches(unconfirmed, ({ server }) => serverOrNull(cloud, server));
  return servers.flatMap((server): PlanRow[] => {
    if (server?.status !== 'VERIFY_RESIZE') return [];
    const where = `resized away, on ${server.host ?? 'no host'}, not confirmed`;
    const why = `${where}: it cannot be reverted while ${host} is down, and not at all once its old disk is gone`;
    return [{ key: `resize:${server.id}`, verdict: 'left alone', weight: 0, label: server.name, why }];
  });
}
