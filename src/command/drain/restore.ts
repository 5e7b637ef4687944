import { z } from 'zod';
import { UserError } from '../../chat/user-error.ts';
import type { RequestLimits, Service } from '../../openstack/cloud.ts';
import { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { blocked, done, failed, gone, type Outcome } from '../outcome.ts';
import { converge, hostMaintenance } from './cordon.ts';
import { type HostLease, hostLease, isOurs, stateOf } from './host-lease.ts';

const State = z.object({ status: z.enum(['enabled', 'disabled']), reason: z.string().nullable() });
type State = z.output<typeof State>;

export const RestoreInput = z.object({
  host: HostName,
  /** What the plan saw; anything else in between is another hand's and is left alone. */
  seen: State,
  wanted: State,
});
export type RestoreInput = z.output<typeof RestoreInput>;

export interface Restoration {
  readonly wanted: State;
  readonly verdict: 'enable' | 'put back' | 'forget';
  readonly why: string;
}

/** What `off` may do: it undoes what vigie did and nothing else, unless `--adopt`. Pure; refusals are `UserError`. */
export function restoration(
  service: Service,
  lease: HostLease | null,
  options: { adopt: boolean; verb: string },
): Restoration {
  const now = stateNow(service);
  const { host } = service;
  if (service.status === 'enabled') {
    if (lease === null)
      throw new UserError(`${host} is enabled and vigie holds no maintenance on it: there is nothing to undo`);
    return { wanted: now, verdict: 'forget', why: "is enabled already, by another hand: only vigie's own record ends" };
  }
  if (options.adopt) return { wanted: enabled, verdict: 'enable', why: `now ${stateOf(service)}` };
  if (lease !== null && isOurs(service, lease)) return undoing(service, lease);
  if (lease !== null && lease.detail.mark === null) {
    const keep = `was ${stateOf(service)} before vigie came and stays so; ${options.verb} --adopt enables it`;
    return { wanted: now, verdict: 'forget', why: keep };
  }
  throw new UserError(
    `${host} is ${stateOf(service)}: that is not vigie's. To enable it all the same: \`${options.verb} --adopt\``,
  );
}

const enabled: State = { status: 'enabled', reason: null };

function undoing(service: Service, { detail: { before } }: HostLease): Restoration {
  if (before.status === 'enabled') return { wanted: enabled, verdict: 'enable', why: `now ${stateOf(service)}` };
  const reason = before.reason ?? 'disabled before vigie took it over, without a reason';
  return {
    wanted: { status: 'disabled', reason },
    verdict: 'put back',
    why: `was disabled before by another hand: ${reason}`,
  };
}

export function stateNow(service: Service): State {
  return { status: service.status === 'disabled' ? 'disabled' : 'enabled', reason: service.disabledReason };
}

export async function restore(input: RestoreInput, context: StepContext): Promise<Outcome> {
  const service = await context.cloud.computeService(input.host);
  if (service === null) return failed(`${input.host} has no nova-compute service any more`);
  const lease = hostLease(await context.leases.find('host', input.host));
  const now = stateNow(service);
  if (!same(now, input.seen) && !same(now, input.wanted))
    return blocked(`is ${stateOf(service)} now, by another hand: left as it is`);
  const untouched = same(now, input.wanted);
  if (!untouched) {
    const why = await ask(input, context);
    if (why !== null) return failed(why);
  }
  const note = lease === null ? '' : await hostMaintenance(input.host, false, context);
  await context.leases.end('host', input.host);
  return untouched ? gone(`was ${stateOf(service)} already${note}`) : done(`${input.wanted.status}, read back${note}`);
}

function ask({ host, seen, wanted }: RestoreInput, context: StepContext): Promise<string | null> {
  const write = (limits: RequestLimits) =>
    wanted.status === 'enabled'
      ? context.cloud.enableService(host, limits)
      : context.cloud.disableService(host, wanted.reason ?? '', limits);
  const reads = (service: Service | null) => service !== null && same(stateNow(service), wanted);
  return converge(host, { reads, write, intent: { before: seen } }, context);
}

function same(one: State, other: State): boolean {
  if (one.status !== other.status) return false;
  return one.status === 'enabled' || one.reason === other.reason;
}
