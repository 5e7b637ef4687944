import { z } from 'zod';
import type { CloudReader } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { done, failed, type Outcome } from '../outcome.ts';
import { duration } from '../words.ts';
import { agentsOn } from './beside.ts';

export const ReadyInput = z.object({
  host: HostName,
  /** Neutron agents that were alive there when the host was closed, by binary. */
  agents: z.array(z.string()),
});
type ReadyInput = z.output<typeof ReadyInput>;

/** So many good looks in a row: a node that has just come back answers once and is gone again. */
const looks = 3;
const mostMs = 10 * 60_000;

/**
 * Waits until a host can take servers again: nova-compute up, its hypervisor told of by Nova, and every agent alive that was
 * when it was closed. In time it is enabled; else it stays closed, and what is missing is told.
 */
export async function ready(input: ReadyInput, context: StepContext): Promise<Outcome> {
  const patience = Math.min(mostMs, context.cloud.settings.serverDeadline);
  const until = context.startedAt.getTime() + patience;
  for (let good = 0; ; ) {
    const missing = await missingOn(input, context.cloud);
    good = missing === null ? good + 1 : 0;
    if (good >= looks) return done(`up and well, ${looks} looks in a row`);
    if (missing !== null && context.now().getTime() > until) {
      return failed(`left closed: ${missing}, still after ${duration(patience)}; --unchecked opens it all the same`);
    }
    context.progress(missing ?? `well, look ${good} of ${looks}`);
    await context.sleep(context.cloud.settings.pollInterval);
  }
}

/** Null where nothing is missing. */
async function missingOn({ host, agents }: ReadyInput, cloud: CloudReader): Promise<string | null> {
  try {
    const [service, hypervisors] = await Promise.all([cloud.computeService(host), cloud.hypervisors({ host })]);
    if (service?.state !== 'up') return `nova-compute is ${service?.state ?? 'not there'}`;
    if (hypervisors.length === 0) return 'Nova tells of no hypervisor there';
    return agents.length === 0 ? null : await deadAgents({ host, agents }, cloud);
  } catch (error) {
    if (error instanceof OpenStackError) return error.message;
    throw error;
  }
}

async function deadAgents({ host, agents }: ReadyInput, cloud: CloudReader): Promise<string | null> {
  const found = await agentsOn(host, cloud);
  if ('unknown' in found) return `its network agents are not known: ${found.unknown}`;
  const alive = new Set(found.known.filter((agent) => agent.alive).map(({ binary }) => binary));
  const dead = agents.filter((binary) => !alive.has(binary));
  return dead.length === 0 ? null : `not alive again: ${dead.join(', ')}`;
}
