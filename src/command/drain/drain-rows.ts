import type { HookFacts, Server } from '../../openstack/cloud.ts';
import type { PlannedStep, PlanRow } from '../plan.ts';
import { opensAt, type Window } from '../window.ts';
import { count, duration, moment, size } from '../words.ts';
import { isOurs, stateOf } from './host-lease.ts';
import { type Judged, judge, type Ours, ownWords, type ServerFacts } from './judge.ts';
import type { ResizedInput } from './resized.ts';
import { idBeside } from './server-blocks.ts';
import type { Survey } from './survey.ts';

/** When the plan is made, and how long a drain may take. */
export interface Limits {
  readonly now: Date;
  readonly totalMs: number;
}

export interface DrainWish extends Limits {
  readonly cloud: string;
  readonly text: string;
  readonly until: Date | null;
  readonly adopt: boolean;
  readonly lanes: number;
  readonly order: Order;
  /** Why guests' wishes do not bind, or N-1 may break; null where nobody said so. */
  readonly ignoreWishes: string | null;
  readonly acceptRisk: string | null;
  /** The cloud's hooks, and the names of those that run this time. */
  readonly hooks: readonly HookFacts[];
  readonly hookNames: readonly string[];
  /** So many hosts of a zone at most are closed at once; null is any number. */
  readonly closedPerZone: number | null;
}

export const orders = ['smallest', 'largest', 'name'] as const;
export type Order = (typeof orders)[number];

export type DrainStep = PlannedStep & { step: 'cordon' | 'move' | 'resized' | 'gate' | 'newcomers' | 'proof' | 'hook' };
export type Row = PlanRow & { readonly ram: number; readonly step: DrainStep | null; readonly facts?: ServerFacts };

export function serverRow(facts: ServerFacts, around: Survey['around'], limits: Limits): Row {
  const { server, owner } = facts;
  const judged = judge(facts, around);
  const window = facts.wish?.binds === true ? facts.wish.window : null;
  const label = `${server.name}${sizes(facts)}`;
  const step = stepOf(facts, judged, { around, window: window?.words });
  return {
    key: `move:${server.id}`,
    ...inTime(judged, window, limits),
    label: step === null ? idBeside(label, server.id) : label,
    name: server.name,
    project: owner,
    ram: ramOf(server),
    step,
    facts,
  };
}

/** Its memory, and what lies on disks and volumes. */
function sizes({ server: { bootsFromVolume, volumes, flavor }, volumesGb }: ServerFacts): string {
  const { ramMb, diskGb } = flavor;
  const large = volumesGb === null ? ', size not known' : ` of ${size(volumesGb * 1024)}`;
  const parts = [
    ramMb ? size(ramMb) : '',
    bootsFromVolume || !diskGb ? '' : `${size(diskGb * 1024)} disk`,
    volumes.length === 0 ? '' : `${count(volumes.length, 'volume')}${large}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** Where its owner's window is shut now, it waits for that: it is no canary, and takes no lane from others. */
function inTime(
  { verdict, weight, why, how }: Judged,
  window: Window | null,
  { now, totalMs }: Limits,
): Pick<PlanRow, 'verdict' | 'weight' | 'why'> {
  const opens = window === null || how === null ? null : opensAt(window, now);
  if (opens === null) return { verdict, weight, why };
  const late = opens.getTime() >= now.getTime() + totalMs;
  const when = late
    ? `opens ${moment(opens)}, after the drain's ${duration(totalMs)}: will be left`
    : `begins ${moment(opens)}`;
  return { verdict: 'wait', weight, why: [why, when].filter((part) => part !== '').join('; ') };
}

interface Bounds {
  readonly around: Survey['around'];
  readonly window: string | undefined;
}

function stepOf(
  { server: { id, name }, ours }: ServerFacts,
  judged: Judged,
  { around, window }: Bounds,
): DrainStep | null {
  const { verdict, how, interrupts } = judged;
  const { host, block } = around;
  const step = { key: `move:${id}`, stage: 'move', ...turnOf(id, around) };
  const bounds = { ...(interrupts && { interrupts }), ...(window !== undefined && { window }) };
  if (verdict === 'ask' || (verdict === 'cold' && how === null))
    return { ...step, ...resizedStep(name, { server: id, from: host, block, ...bounds }, ours) };
  if (how === null) return null;
  const input = { server: id, from: host, how, block, ...bounds };
  const label = verdict === 'wait' ? `wait for ${name}, then move it` : `move ${name} ${how}`;
  return { ...step, step: 'move', input, label };
}

/** Nobody is asked about what a job of vigie's began: its owner never asked for a resize. */
function resizedStep(
  name: string,
  input: ResizedInput,
  ours: Ours | null,
): Pick<DrainStep, 'step' | 'input' | 'label'> {
  if (ours === null) return { step: 'resized', input, label: `ask about the resize of ${name}` };
  return { step: 'resized', input: { ...input, ours: ours.migration }, label: `confirm the move of ${name}` };
}

/** Members of a group move one after the other: two at once may each be sent where the other is going. */
function turnOf(id: string, { groups }: Survey['around']): { turn?: string } {
  const group = groups.find(({ members }) => members.includes(id));
  return group === undefined ? {} : { turn: `group:${group.id}` };
}

/** On their way here since before the host is closed: waited for, then moved on, as far as the same rules let them be. */
export function arrivals(
  { incoming, arriving, around }: Pick<Survey, 'incoming' | 'arriving' | 'around'>,
  limits: Limits,
): Row[] {
  return incoming.flatMap(({ migration, server }): Row[] => {
    const facts = arriving.find((one) => one.server.id === server?.id);
    if (facts === undefined) return [];
    const row = serverRow(facts, around, limits);
    const comes = `migration ${migration.id} (${migration.status}) brings it from ${migration.source ?? 'another host'}`;
    const verdict = row.step === null ? row.verdict : 'wait';
    const label = `wait for ${facts.server.name} to arrive, then move it`;
    const step = row.step === null ? null : { ...row.step, label };
    return [{ ...row, verdict, step, why: [comes, row.why].filter((part) => part !== '').join('; ') }];
  });
}

/** Gone by a resize or cold migration that nobody confirmed: the old disks still lie here. */
export function leftBehind({ unconfirmed, around: { host, block } }: Pick<Survey, 'unconfirmed' | 'around'>): Row[] {
  return unconfirmed.map(({ migration, server, ours }): Row => {
    const name = server?.name ?? migration.server;
    const key = `move:${migration.server}`;
    const step: DrainStep = {
      key,
      stage: 'move',
      ...resizedStep(name, { server: migration.server, from: host, block }, ours),
    };
    const to = migration.destination ?? 'another host';
    const row = { key, label: name, ram: 0, step };
    if (ours !== null) return { ...row, verdict: 'cold', weight: 2, why: `to ${to}, ${ownWords(ours)}` };
    const why = `moved to ${to} by another hand, not confirmed: its old disk is on ${host}`;
    return { ...row, verdict: 'ask', weight: 5, why };
  });
}

export function hostRow({ service, lease }: Survey, { text, adopt }: DrainWish): PlanRow {
  const key = `host:${service.host}`;
  const foreign = service.status === 'disabled' && !isOurs(service, lease);
  if (foreign && !adopt) {
    const again = service.disabledReason?.startsWith('AUTO:')
      ? ': nova-compute may enable itself again; --adopt keeps it disabled'
      : '';
    return {
      key,
      verdict: 'keep',
      weight: 1,
      label: service.host,
      why: `${stateOf(service)}, by another hand: left as it is${again}`,
    };
  }
  const took = foreign
    ? `takes over what another hand disabled (${service.disabledReason ?? 'no reason'})`
    : `disabled with reason "${text}"`;
  return { key, verdict: 'disable', weight: 1, label: service.host, why: took };
}

function ramOf({ flavor: { ramMb } }: Server): number {
  return ramMb ?? 0;
}
