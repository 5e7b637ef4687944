import { z } from 'zod';
import { Frame } from '../command/frame.ts';
import type { Plan } from '../command/plan.ts';
import { isSlot } from './cron.ts';

/** What a standing approval is asked for: `schedule add` of a line that changes something. */
export const StandingWish = z.object({
  schedule: z.string(),
  cron: z.string(),
  zone: z.string(),
  /** The largest plan that may run without asking: servers, hosts or rows, as the plan counts them. */
  max: z.number().int().min(1),
  until: z.iso.datetime(),
});
export type StandingWish = z.output<typeof StandingWish>;

const Risk = z.enum(['read', 'change', 'disruptive', 'destructive']);

/** What was approved once for every firing. They are the input of the asking plan's only step, so its hash covers them. */
export const Bounds = StandingWish.extend({
  line: z.string(),
  cloud: z.string(),
  human: z.string(),
  risk: Risk,
  /** What the plan that was shown claims and does. */
  ...Frame.shape,
});
export type Bounds = z.output<typeof Bounds>;

/** A job that a schedule opened, with the plan as it is today. */
export interface Firing {
  readonly schedule: string | null;
  readonly line: string;
  readonly cloud: string;
  readonly human: string;
  readonly slot: Date | null;
  readonly risk: Bounds['risk'];
  readonly plan: Pick<Plan, 'rows' | 'steps' | 'claims' | 'size'>;
}

/** What was approved for ten at night does not run at noon because a worker came back. */
const windowMs = 3_600_000;

export function boundsOf(wish: StandingWish, firing: Firing): Bounds {
  const { line, cloud, human, risk, plan } = firing;
  const acts = new Map<string, number>();
  for (const { verdict, weight } of plan.rows)
    if (weight > 0) acts.set(verdict, Math.max(weight, acts.get(verdict) ?? 0));
  return {
    ...wish,
    line,
    cloud,
    human,
    risk,
    subjects: plan.claims,
    acts: [...acts].map(([verdict, weight]) => ({ verdict, weight })),
    steps: [...new Set(plan.steps.map(({ step }) => step))],
  };
}

/** Why this firing is not what was approved; null where it stays within every bound. */
export function outside(bounds: Bounds, firing: Firing, now: Date): string | null {
  return (
    another(bounds, firing) ?? outOfTime(bounds, firing, now) ?? tooMuch(bounds, firing) ?? beyond(bounds, firing.plan)
  );
}

function another(bounds: Bounds, firing: Firing): string | null {
  const same = (['schedule', 'line', 'cloud', 'human'] as const).every((key) => bounds[key] === firing[key]);
  return same ? null : 'what was approved is another line, cloud or person';
}

function outOfTime({ until, cron, zone }: Bounds, { slot }: Firing, now: Date): string | null {
  const end = new Date(until);
  if (now > end) return `the standing approval ended ${until.slice(0, 16).replace('T', ' ')} UTC`;
  const late = slot === null ? 0 : now.getTime() - slot.getTime();
  const punctual = slot !== null && isSlot(cron, zone, slot) && Math.abs(late) <= windowMs;
  return punctual ? null : `it is not the time that was approved (${cron}, ${zone})`;
}

function tooMuch(bounds: Bounds, { plan, risk }: Firing): string | null {
  if (plan.size > bounds.max) return `it would touch ${plan.size}, and ${bounds.max} are approved`;
  if (Risk.options.indexOf(risk) > Risk.options.indexOf(bounds.risk))
    return `it is ${risk} now, and ${bounds.risk} is approved`;
  return null;
}

/**
 * What a plan does that was not approved; null where it does nothing else. Servers come and go on a host that was: their
 * number is bounded, not their names; and a place among a zone's closed hosts is a guard, nothing that is touched.
 */
export function beyond({ subjects, acts, steps }: Frame, plan: Firing['plan']): string | null {
  const hosts = subjects.some((subject) => subject.startsWith('host:'));
  const passes = (claim: string) => hosts && /^(server|zone):/.test(claim);
  const claim = plan.claims.find((one) => !subjects.includes(one) && !passes(one));
  if (claim !== undefined) return `${claim.replace(/^(\w+):/, '$1 ')} is not among what was approved`;
  const allowed = new Map(acts.map(({ verdict, weight }) => [verdict, weight]));
  const row = plan.rows.find(({ verdict, weight }) => weight > 0 && weight > (allowed.get(verdict) ?? 0));
  if (row !== undefined) return `${row.label}: ${row.verdict} (${row.why}) is not among what was approved`;
  const step = plan.steps.find((one) => !steps.includes(one.step));
  return step === undefined ? null : `${step.label} is not among what was approved`;
}

const keyPattern = /^slot:([^:]+):(.+)$/;

/** The message key of what a schedule says: every bot makes the same one for a slot. */
export function slotKey(schedule: string, slot: Date): string {
  return `slot:${schedule}:${slot.toISOString()}`;
}

export function slotOf(job: { schedule: string | null; message_key: string }): Date | null {
  const [, schedule, at] = keyPattern.exec(job.message_key) ?? [];
  if (schedule === undefined || at === undefined || schedule !== job.schedule) return null;
  const slot = new Date(at);
  return Number.isNaN(slot.getTime()) ? null : slot;
}
