import { z } from 'zod';
import type { Cloud, Service } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { isPassingTrouble } from '../drain/look.ts';
import { blocked, done, failed, type Outcome } from '../outcome.ts';
import { moment } from '../words.ts';

export const DownInput = z.object({
  host: HostName,
  /** When nova-compute there was last heard of, as the plan saw it. */
  heartbeat: z.iso.datetime().nullable(),
});
type DownInput = z.output<typeof DownInput>;

const mostTries = 3;

/** Says to Nova that the host is down, unless it was heard of since the plan: then it may be alive. */
export async function down({ host, heartbeat }: DownInput, context: StepContext): Promise<Outcome> {
  const first = await context.cloud.computeService(host);
  if (first === null) return failed(`${host} has no nova-compute service any more`);
  // Nova's own note of our first try is newer, too.
  if (context.checkpoint === null && isNewer(first, heartbeat)) return blocked(heardAgain(first));
  for (let tries = 1; ; tries += 1) {
    const service = await context.cloud.computeService(host);
    if (service?.forcedDown === true) return done('down, read back');
    if (service?.state === 'up') return blocked(heardAgain(service));
    if (tries > mostTries) return failed(`Nova did not take it as down after ${mostTries} tries`);
    try {
      await context.act({ down: host }, (limits) => context.cloud.forceDown(host, true, limits));
    } catch (error) {
      if (!(error instanceof OpenStackError)) throw error;
      if (!isPassingTrouble(error)) return failed(error.message);
      await context.sleep(context.cloud.settings.pollInterval);
    }
  }
}

function isNewer({ updatedAt }: Service, heartbeat: string | null): boolean {
  return updatedAt !== null && heartbeat !== null && updatedAt > new Date(heartbeat);
}

export function heardAgain({ host, updatedAt }: Service): string {
  const when = updatedAt === null ? '' : ` at ${moment(updatedAt)}`;
  return `nova-compute on ${host} reported again${when}: it may be alive, its guests too; nothing more is sent`;
}

/** Heard of since `since`; a service that is forced down goes on reporting, and only that shows it. */
export async function heardSince(host: HostName, since: Date | null, cloud: Cloud): Promise<string | null> {
  const service = await cloud.computeService(host);
  if (service === null) return null;
  const newer = service.updatedAt !== null && since !== null && service.updatedAt > since;
  return service.state === 'up' || newer ? heardAgain(service) : null;
}
