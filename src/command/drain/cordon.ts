import { z } from 'zod';
import type { RequestLimits, Service } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { HostName } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import { done, failed, type Outcome } from '../outcome.ts';
import { agentsOn } from './beside.ts';
import { type HostDetail, type HostLease, hostLease, isOurs, markOf, stateOf } from './host-lease.ts';
import { isPassingTrouble } from './look.ts';
import { lostRequest } from './move-view.ts';

export const CordonInput = z.object({
  host: HostName,
  kind: z.enum(['drain', 'cordon']),
  text: z.string(),
  until: z.iso.datetime().nullable(),
  /** Takes over a host that another hand had disabled. */
  adopt: z.boolean(),
  /** Hooks that its end runs, too. */
  hooks: z.array(z.string()).exactOptional(),
  /** It is known to be down, and that is why it is closed. */
  dead: z.literal(true).exactOptional(),
});
export type CordonInput = z.output<typeof CordonInput>;

const CordonIntent = z.object({
  before: z.object({ status: z.enum(['enabled', 'disabled']), reason: z.string().nullable() }),
});
const mostTries = 3;

/** Stops scheduling to the host and takes its lease; what was found is kept, so that `off` can put it back. */
export async function cordon(input: CordonInput, context: StepContext): Promise<Outcome> {
  const mark = markOf(context.job, input.text);
  const isTooLate = (one: Service) => input.kind === 'drain' && input.dead !== true && isDeadWithout(mark, one);
  const service = await settledService(input.host, isTooLate, context);
  if (service === null) return failed(`${input.host} has no nova-compute service any more`);
  if (isTooLate(service)) return failed(deadHost(input.host));
  const lease = hostLease(await context.leases.find('host', input.host));
  const before = foundBefore(context, service, isOurs(service, lease) ? (lease?.detail.before ?? null) : null);
  const hooks = input.hooks ?? lease?.detail.hooks ?? [];
  const kept = { hooks, moved: lease?.detail.moved ?? [], ...(await agentsThere(input, lease, context)) };
  const another = service.status === 'disabled' && service.disabledReason !== mark && !isOurs(service, lease);
  if (another && !input.adopt) {
    await takeLease(input, { before, mark: null, ...kept }, context);
    return done(`was ${stateOf(service)} by another hand: left as it is`, { before, mark: null });
  }
  const refused = await disable(input, { mark, before }, context);
  if (refused !== null) return failed(refused);
  await takeLease(input, { before, mark, ...kept }, context);
  const note = await hostMaintenance(input.host, true, context);
  return done(`disabled, read back${note}`, { before, mark });
}

/** What carries our mark is brought to its end, dead or not: else it would be closed and nobody's. */
function isDeadWithout(mark: string, { state, status, disabledReason }: Service): boolean {
  return state === 'down' && !(status === 'disabled' && disabledReason === mark);
}

/** Nobody knows whether a request that was written down has left: looked at again when it is here or never comes. */
async function settledService(
  host: HostName,
  isTooLate: (service: Service) => boolean,
  { cloud, checkpointAt, now, sleep }: StepContext,
): Promise<Service | null> {
  const service = await cloud.computeService(host);
  if (service === null || checkpointAt === null || !isTooLate(service)) return service;
  await sleep(Math.max(0, checkpointAt.getTime() + lostRequest - now().getTime()));
  return cloud.computeService(host);
}

/** A dead host is another verb: its servers are rebuilt elsewhere, which is never begun from here. */
export function deadHost(host: string): string {
  return `nova-compute on ${host} is down: running servers cannot be moved off it. A dead host is evacuated, once it is fenced: \`evacuate ${host} --fenced "how"\`; a drain never begins that`;
}

/** After a crash our own mark stands on the service: what was there before is in the intent. */
function foundBefore(
  { checkpoint }: StepContext,
  service: Service,
  kept: HostDetail['before'] | null,
): HostDetail['before'] {
  const intent = CordonIntent.safeParse(checkpoint);
  if (intent.success) return intent.data.before;
  return kept ?? { status: service.status === 'disabled' ? 'disabled' : 'enabled', reason: service.disabledReason };
}

/** Null once the service reads as it should. A hanging host lets the PUT hang for a minute: reading it again decides. */
async function disable(
  { host }: CordonInput,
  wanted: { mark: string; before: HostDetail['before'] },
  context: StepContext,
): Promise<string | null> {
  const reads = (service: Service | null) => service?.status === 'disabled' && service.disabledReason === wanted.mark;
  const write = (limits: RequestLimits) => context.cloud.disableService(host, wanted.mark, limits);
  return converge(host, { reads, write, intent: { before: wanted.before } }, context);
}

interface Wanted {
  readonly intent: { readonly before: HostDetail['before'] };
  reads(service: Service | null): boolean;
  write(limits: RequestLimits): Promise<unknown>;
}

/** Asks for a state of the service until it reads so: null, or after some tries why it does not. */
export async function converge(host: HostName, wanted: Wanted, context: StepContext): Promise<string | null> {
  let trouble = '';
  for (let tries = 0; ; tries += 1) {
    const service = await context.cloud.computeService(host);
    if (wanted.reads(service)) return null;
    if (tries >= mostTries)
      return `${host} reads ${service === null ? 'no service' : stateOf(service)} after ${mostTries} tries${trouble}`;
    try {
      await context.act(wanted.intent, (limits) => wanted.write(limits));
    } catch (error) {
      if (!(error instanceof OpenStackError)) throw error;
      if (!isPassingTrouble(error)) return error.message;
      trouble = `; ${error.message}`;
      context.progress(`${error.problem}; reading it again`);
      await context.sleep(context.cloud.settings.pollInterval);
    }
  }
}

type Agents = Pick<HostDetail, 'agents' | 'agentsUnknown'>;

/**
 * What must be alive again before the host is opened: on a dead host none is alive, so all that it has. What was found
 * when it was closed the first time stays in.
 */
async function agentsThere(
  { host, dead }: CordonInput,
  lease: HostLease | null,
  { cloud }: StepContext,
): Promise<Agents> {
  const found = await agentsOn(host, cloud);
  const before = lease?.detail ?? null;
  if ('unknown' in found)
    return { agents: before?.agents ?? [], agentsUnknown: before === null ? found.unknown : before.agentsUnknown };
  const there = found.known.filter(({ alive }) => alive || dead === true).map(({ binary }) => binary);
  return { agents: [...new Set([...(before?.agents ?? []), ...there])].sort(), agentsUnknown: null };
}

type Kept = Pick<HostDetail, 'before' | 'mark' | 'moved' | 'hooks'> & Agents;

async function takeLease({ host, kind, text, until }: CordonInput, kept: Kept, context: StepContext): Promise<void> {
  const detail = { ...kept, kind, drainBegan: context.startedAt.toISOString() };
  const undo = kind === 'drain' ? `maintenance ${host} off` : `enable ${host}`;
  await context.leases.take({
    kind: 'host',
    subject: host,
    reason: text,
    until: until === null ? null : new Date(until),
    detail,
    undo,
  });
}

/** Only where the cloud's configuration says that its driver has it; what it answers proves nothing. */
export async function hostMaintenance(host: HostName, on: boolean, context: StepContext): Promise<string> {
  if (!context.cloud.settings.hostMaintenance) return '';
  try {
    await context.act({ hostMaintenance: on }, (limits) => context.cloud.setHostMaintenance(host, on, limits));
    return `; host maintenance mode ${on ? 'on' : 'off'} was asked for`;
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    return `; host maintenance mode could not be set: ${error.message}`;
  }
}
