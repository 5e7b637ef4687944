import { z } from 'zod';
import type { CloudReader } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { done, failed, type Outcome } from '../outcome.ts';
import { duration, moment } from '../words.ts';
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
/** So long they may take: each waits for new reports, which Neutron's agents send every half minute, and late. */
const roundMs = 4 * 60_000;

/**
 * Waits until a host can take servers again: nova-compute up, its hypervisor told of by Nova, and every agent alive that was
 * when it was closed. Nova and Neutron take the last report for health for a minute and more after it: so each look must
 * find newer reports than the one before. In time it is enabled; else it stays closed, and what is missing is told. A round
 * of looks that began well is ended in any case: a worker that was away begins it late.
 */
export async function ready(input: ReadyInput, context: StepContext): Promise<Outcome> {
  const patience = Math.min(mostMs, context.cloud.settings.serverDeadline);
  let until = context.startedAt.getTime() + patience;
  let began = false;
  let good: Reports[] = [];
  for (;;) {
    const seen = await lookAt(input, context.cloud);
    if ('missing' in seen) good = [];
    const silent = 'missing' in seen ? [] : silentSince(good.at(-1), seen);
    if (!('missing' in seen) && silent.length === 0) good = [...good, seen];
    if (good.length === 1 && !began) {
      began = true;
      until = Math.max(until, context.now().getTime() + Math.min(roundMs, patience));
    }
    if (good.length >= looks) return done(`up and well, ${looks} looks in a row, each with newer reports`);
    const trouble = 'missing' in seen ? seen.missing : silence(silent);
    if (trouble !== null && context.now().getTime() > until) {
      return failed(`left closed: ${trouble}, still after ${duration(patience)}; --unchecked opens it all the same`);
    }
    context.progress('missing' in seen ? seen.missing : `well, ${good.length} of ${looks} looks with newer reports`);
    await context.sleep(context.cloud.settings.pollInterval);
  }
}

/** When each that must be alive last reported, by its own service's clock: they are compared with nothing else. */
type Reports = ReadonlyMap<string, Date>;

async function lookAt({ host, agents }: ReadyInput, cloud: CloudReader): Promise<Reports | { missing: string }> {
  try {
    const [service, hypervisors] = await Promise.all([cloud.computeService(host), cloud.hypervisors({ host })]);
    if (service?.state !== 'up') return { missing: `nova-compute is ${service?.state ?? 'not there'}` };
    if (hypervisors.length === 0) return { missing: 'Nova tells of no hypervisor there' };
    if (service.updatedAt === null) return { missing: 'nova-compute has never reported' };
    const heard = agents.length === 0 ? [] : await agentReports({ host, agents }, cloud);
    return 'missing' in heard ? heard : new Map([['nova-compute', service.updatedAt], ...heard]);
  } catch (error) {
    if (error instanceof OpenStackError) return { missing: error.message };
    throw error;
  }
}

/** An agent of which no time is told is taken at Neutron's word. */
async function agentReports(
  { host, agents }: ReadyInput,
  cloud: CloudReader,
): Promise<[string, Date][] | { missing: string }> {
  const found = await agentsOn(host, cloud);
  if ('unknown' in found) return { missing: `its network agents are not known: ${found.unknown}` };
  const alive = found.known.filter((agent) => agent.alive && agents.includes(agent.binary));
  const dead = agents.filter((binary) => !alive.some((agent) => agent.binary === binary));
  if (dead.length > 0) return { missing: `not alive again: ${dead.join(', ')}` };
  return alive.flatMap(({ binary, heardAt }): [string, Date][] => (heardAt === null ? [] : [[binary, heardAt]]));
}

/** Those that have not reported since an earlier look. */
function silentSince(before: Reports | undefined, now: Reports): [string, Date][] {
  return [...now].filter(([name, at]) => at <= (before?.get(name) ?? new Date(0)));
}

function silence(silent: readonly [string, Date][]): string | null {
  if (silent.length === 0) return null;
  return `no new report of ${silent.map(([name, at]) => `${name} since ${moment(at)}`).join(', ')}`;
}
