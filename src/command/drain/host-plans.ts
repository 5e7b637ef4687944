import { text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { HostName } from '../../openstack/names.ts';
import type { Reason } from '../args.ts';
import type { ClaimingJob, PlanContext } from '../command.ts';
import type { PlanDraft, PlannedStep } from '../plan.ts';
import { count, moment } from '../words.ts';
import type { CordonInput } from './cordon.ts';
import { homeward } from './homeward.ts';
import { hookSteps, workNamed } from './hook.ts';
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
  /** Opens it without looking whether it is well. */
  readonly unchecked: boolean;
  /** Brings back what vigie moved away. */
  readonly back: boolean;
  /** The operators' own program that does the work on the host before it is opened. */
  readonly work?: string | undefined;
}

/** `enable H` and `maintenance H off`: undoes what vigie did to the host, and nothing else. */
export async function restorePlan(
  wish: RestoreWish,
  context: PlanContext,
): Promise<Draft<'up' | 'ready' | 'restore' | 'hook' | 'move'>> {
  const work = await context.jobOn(`host:${context.cloud.name}/${wish.host}`);
  if (work?.state === 'running') throw new UserError(inTheWay(wish, work));
  const service = await findHost(wish.host, context);
  const { host } = service;
  const lease = hostLease(await context.leases.find('host', host));
  // What is in maintenance already may be opened; then the work that waits plans it anew.
  if (work !== null && lease === null && service.status === 'enabled') throw new UserError(inTheWay(wish, work));
  const { wanted, verdict, why } = restoration(service, lease, wish);
  const input: RestoreInput = { host, seen: stateNow(service), wanted };
  const weight = { forget: 1, 'put back': 2, enable: 3 }[verdict];
  const checked = verdict === 'enable' && lease?.detail.kind === 'drain' && !wish.unchecked;
  const { agents, agentsUnknown } = lease?.detail ?? { agents: [], agentsUnknown: null };
  if (wish.back && wanted.status !== 'enabled')
    throw new UserError(`${host} stays ${stateOf(service)}: nothing can be brought back; leave --return out`);
  const way = wish.back ? await homeward(service, lease?.detail.moved ?? [], context) : null;
  const away = lease?.detail.moved.length ?? 0;
  const lifts = service.forcedDown && wanted.status === 'enabled';
  const moves = way?.steps.length ?? 0;
  return {
    title: `${titles(host)[verdict]}${way === null ? '' : ` and bring ${count(way.steps.length, 'server')} back`}`,
    blocks: remarks({
      up: service.state === 'up',
      lifts,
      checked,
      agents,
      agentsUnknown,
      away,
      back: way !== null,
    }).map(text),
    rows: [{ key: `host:${host}`, verdict, weight, label: host, why }, ...(way?.rows ?? [])],
    stages: [
      { name: 'work' },
      { name: 'up' },
      { name: 'ready' },
      { name: 'restore' },
      { name: 'off', onFailure: 'continue' },
      { name: 'back', lanes: way?.lanes ?? 1, onFailure: 'continue' },
    ],
    steps: [
      ...worked(host, wish, context),
      ...before(host, { lifts, checked, agents }),
      { key: `restore:${host}`, step: 'restore', input, stage: 'restore', label: `${verdict} ${host}` },
      ...offHooks(host, lease, context),
      ...(way?.steps ?? []),
    ],
    claims: [`host:${context.cloud.name}/${host}`, ...(way?.claims ?? [])],
    ...(moves > 0 || wish.work !== undefined ? { risk: 'disruptive' as const, size: Math.max(1, moves) } : {}),
  };
}

/** Whoever says `off` while the host is about to be emptied wants to stop that: so it is named, with what stops it. */
function inTheWay({ host, verb }: RestoreWish, { id, line, human, state }: ClaimingJob): string {
  const stands = { awaiting: 'waits for approval', queued: 'is about to begin', running: 'is running' }[state];
  const then = state === 'running' ? `; then \`${verb}\` opens ${host}` : '; nothing is to be undone yet';
  return `${line} (${id}, by ${human}) ${stands}: \`cancel ${id}\` stops it${then}`;
}

/** Nothing is opened where it does not end well. */
function worked(host: HostName, { work }: RestoreWish, { cloud }: PlanContext): Draft<'hook'>['steps'] {
  if (work === undefined) return [];
  const { hooks } = cloud.settings;
  return hookSteps(hooks, [workNamed(hooks, work)], { host, at: 'work', reason: '' });
}

interface Before {
  readonly lifts: boolean;
  readonly checked: boolean;
  readonly agents: readonly string[];
}

/** What must hold before it is opened. */
function before(host: HostName, { lifts, checked, agents }: Before): Draft<'up' | 'ready'>['steps'] {
  const lift = { key: `up:${host}`, stage: 'up', label: `tell Nova that ${host} is not down any more` };
  const gate = { key: `ready:${host}`, stage: 'ready', label: `see that ${host} is well` };
  return [
    ...(lifts ? [{ ...lift, step: 'up' as const, input: { host } }] : []),
    ...(checked ? [{ ...gate, step: 'ready' as const, input: { host, agents: [...agents] } }] : []),
  ];
}

/** Those that went with its maintenance, as far as the configuration still has them. */
function offHooks(host: HostName, lease: HostLease | null, { cloud }: PlanContext): Draft<'hook'>['steps'] {
  const { hooks } = cloud.settings;
  const names = lease?.detail.hooks.filter((name) => hooks.some((one) => one.name === name)) ?? [];
  return hookSteps(hooks, names, { host, at: 'off', reason: lease?.reason ?? '' });
}

function titles(host: string): Readonly<Record<'enable' | 'put back' | 'forget', string>> {
  return {
    enable: `enable ${host}`,
    'put back': `put ${host} back as it was found`,
    forget: `end the maintenance of ${host}`,
  };
}

interface Remarks {
  readonly up: boolean;
  /** It is forced down, which ends first. */
  readonly lifts: boolean;
  readonly checked: boolean;
  readonly agents: readonly string[];
  readonly agentsUnknown: string | null;
  readonly away: number;
  readonly back: boolean;
}

function remarks({ up, lifts, checked, agents, agentsUnknown, away, back }: Remarks): string[] {
  const waits = ['nova-compute up', ...agents.map((binary) => `${binary} alive`)].join(', ');
  return [
    ...(lifts
      ? ['It was forced down: start nova-compute there first. It deletes the disks of what was rebuilt elsewhere.']
      : []),
    ...(up || lifts ? [] : ['Its nova-compute is not up: it will take no servers before it is.']),
    ...(checked ? [`Opened once it is well, three looks in a row, each with newer reports: ${waits}.`] : []),
    ...(checked && agentsUnknown !== null
      ? [
          `Which network agents it has was not known when it was closed (${agentsUnknown}): none is waited for, see for yourself.`,
        ]
      : []),
    ...(away === 0 || back
      ? []
      : [`${count(away, 'server')} moved away during the maintenance; none is brought back without --return.`]),
  ];
}
