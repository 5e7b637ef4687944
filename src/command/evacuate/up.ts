import { z } from 'zod';
import { OpenStackError } from '../../openstack/errors.ts';
import { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { done, failed, gone, type Outcome } from '../outcome.ts';
import { duration } from '../words.ts';

export const UpInput = z.object({ host: HostName });

const mostMs = 10 * 60_000;

/**
 * A host that was forced down comes back in this order: its nova-compute starts and deletes what was rebuilt elsewhere
 * (its evacuations go from done to completed), only then Nova lets it count as up.
 */
export async function up({ host }: z.output<typeof UpInput>, context: StepContext): Promise<Outcome> {
  const { cloud } = context;
  const patience = Math.min(mostMs, cloud.settings.serverDeadline);
  const until = context.startedAt.getTime() + patience;
  for (let asked = false; ; ) {
    const service = await cloud.computeService(host);
    if (service === null) return failed(`${host} has no nova-compute service any more`);
    if (!service.forcedDown)
      return asked ? done('no longer forced down, read back') : gone('is not forced down any more');
    const waiting = (await cloud.migrations({ host })).filter(
      ({ type, status, source }) => type === 'evacuation' && status === 'done' && source === host,
    );
    const left = `nova-compute there has not cleaned up after ${waiting.length} evacuations: start it`;
    const trouble = waiting.length > 0 ? left : await lift(host, context);
    asked = waiting.length === 0;
    if (trouble !== null && context.now().getTime() > until)
      return failed(`left closed, still forced down after ${duration(patience)}: ${trouble}`);
    if (trouble !== null) context.progress(trouble);
    if (trouble !== null || asked) await context.sleep(cloud.settings.pollInterval);
  }
}

async function lift(host: HostName, context: StepContext): Promise<string | null> {
  try {
    await context.act({ lifts: host }, (limits) => context.cloud.forceDown(host, false, limits));
    return null;
  } catch (error) {
    if (error instanceof OpenStackError) return error.message;
    throw error;
  }
}
