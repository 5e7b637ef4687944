import { UserError } from '../../chat/user-error.ts';
import type { Reason } from '../args.ts';
import type { PlanContext } from '../command.ts';
import type { PlanDraft, PlannedStep } from '../plan.ts';
import { count, moment } from '../words.ts';
import type { CordonInput } from './cordon.ts';
import { type HostLease, hostLease, isOurs, stateOf } from './host-lease.ts';
import { type RestoreInput, restoration, stateNow } from './restore.ts';
import { findHost } from './survey.ts';

type Draft<S extends string> = PlanDraft & { steps: (PlannedStep & { step: S })[] };

interface CordonWish {
  readonly host: string;
  readonly reason: Reason;
  readonly until: Date | null;
  readonly adopt: boolean;
}

/** `disable H`: no server moves, only no new one comes. */
export async function cordonPlan(wish: CordonWish, context: PlanContext): Promise<Draft<'cordon'>> {
  const service = await findHost(wish.host, context);
  const { host } = service;
  const lease = hostLease(await context.leases.find('host', host));
  const foreign = service.status === 'disabled' && !isOurs(service, lease);
  if (foreign && !wish.adopt) {
    throw new UserError(
      `${host} is ${stateOf(service)} already, by another hand; \`disable ${host} --reason … --adopt\` takes it over`,
    );
  }
  const input: CordonInput = {
    host,
    kind: 'cordon',
    text: wish.reason,
    until: wish.until?.toISOString() ?? null,
    adopt: wish.adopt,
  };
  const why = `now ${stateOf(service)}; its servers stay${wish.until === null ? '' : `; until ${moment(wish.until)} (told then, not undone)`}`;
  return {
    title: `stop scheduling to ${host}`,
    rows: [
      { key: `host:${host}`, verdict: foreign ? 'take over' : 'disable', weight: foreign ? 2 : 1, label: host, why },
    ],
    stages: [{ name: 'cordon' }],
    steps: [{ key: `cordon:${host}`, step: 'cordon', input, stage: 'cordon', label: `disable ${host}` }],
    claims: [`host:${context.cloud.name}/${host}`],
  };
}

interface RestoreWish {
  readonly host: string;
  readonly adopt: boolean;
  /** The line it was said with, for refusals: `enable cmp1`. */
  readonly verb: string;
}

/** `enable H` and `maintenance H off`: undoes what vigie did to the host, and nothing else. */
export async function restorePlan(
  { host: name, adopt, verb }: RestoreWish,
  context: PlanContext,
): Promise<Draft<'restore'>> {
  const service = await findHost(name, context);
  const { host } = service;
  const lease = hostLease(await context.leases.find('host', host));
  const { wanted, verdict, why } = restoration(service, lease, { adopt, verb });
  const input: RestoreInput = { host, seen: stateNow(service), wanted };
  const weight = { forget: 1, 'put back': 2, enable: 3 }[verdict];
  return {
    title: {
      enable: `enable ${host}`,
      'put back': `put ${host} back as it was found`,
      forget: `end the maintenance of ${host}`,
    }[verdict],
    blocks: remarks(service.state, lease).map((remark) => ({ kind: 'text', text: remark })),
    rows: [{ key: `host:${host}`, verdict, weight, label: host, why }],
    stages: [{ name: 'restore' }],
    steps: [{ key: `restore:${host}`, step: 'restore', input, stage: 'restore', label: `${verdict} ${host}` }],
    claims: [`host:${context.cloud.name}/${host}`],
  };
}

function remarks(state: string, lease: HostLease | null): string[] {
  const moved = lease?.detail.moved ?? [];
  return [
    ...(state === 'up' ? [] : ['Its nova-compute is not up: it will take no servers before it is.']),
    ...(moved.length === 0
      ? []
      : [`${count(moved.length, 'server')} moved away during the maintenance; none is brought back.`]),
  ];
}
