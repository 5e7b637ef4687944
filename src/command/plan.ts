import { z } from 'zod';
import { Block } from '../chat/report.ts';

/**
 * The exact steps a command would take, as data. `key` is stable (`move:<uuid>`), so the second look can compare;
 * input is plain JSON that the step's zod schema takes, when planned and when run.
 */
export const PlannedStep = z.object({
  key: z.string().max(190),
  step: z.string(),
  input: z.json(),
  stage: z.string(),
  label: z.string(),
  /** Steps that name the same turn never run at the same time; not part of what is approved. */
  turn: z.string().exactOptional(),
});
export type PlannedStep = z.output<typeof PlannedStep>;

/**
 * Stages run in order. `always` runs after failure and cancel too (what is proven, what is left). With `until: 'one'` what
 * follows need not wait for all of its steps: once one of them is done, the others go on beside it.
 */
export const Stage = z.object({
  name: z.string(),
  lanes: z.number().int().min(1).default(1),
  onFailure: z.enum(['stop', 'continue']).default('stop'),
  always: z.boolean().default(false),
  until: z.enum(['all', 'one']).default('all'),
});
export type Stage = z.output<typeof Stage>;

/**
 * One thing the plan would touch or leave, and how hard: the second look voids an approval only for a row that is
 * new or whose `weight` grew. 0 = nothing happens to it; higher is harsher; a blocked one is heavier than any act.
 */
export const PlanRow = z.object({
  key: z.string(),
  verdict: z.string(),
  weight: z.number(),
  label: z.string(),
  why: z.string(),
  /** Of a server, where its label says more: for what is read by programs. */
  name: z.string().exactOptional(),
  /** Whose it is, where it is a server: the project's name. */
  project: z.string().exactOptional(),
});
export type PlanRow = z.output<typeof PlanRow>;

/** A host that may be closed only while fewer than `most` others of its zone are: looked at anew when the job begins. */
export const Closing = z.object({
  cloud: z.string(),
  zone: z.string(),
  host: z.string(),
  /** The other hosts of the zone. */
  fellows: z.array(z.string()),
  most: z.number().int().min(1),
});
export type Closing = z.output<typeof Closing>;

export const Plan = z.object({
  title: z.string(),
  /** Shown above the rows: facts, warnings, what this does not stop. */
  blocks: z.array(Block).default([]),
  rows: z.array(PlanRow).default([]),
  stages: z.array(Stage).min(1),
  steps: z.array(PlannedStep),
  /** What the job holds while it runs: `host:prod/cmp1`, `server:prod/<uuid>`. */
  claims: z.array(z.string()).default([]),
  closing: Closing.exactOptional(),
  /** May raise the command's risk, never lower it. */
  risk: z.enum(['read', 'change', 'disruptive', 'destructive']).optional(),
  /** Asks more than the policy does: so many votes on top, and so many at least. */
  votes: z.object({ extra: z.number().int().min(0), least: z.number().int().min(0) }).exactOptional(),
  /** May one more host fail once its host is empty: what a campaign opened asks unless that is known. */
  spare: z.enum(['holds', 'lost', 'unknown']).exactOptional(),
  /** How long it will take, seconds, by what took how long before: held against what it took. */
  predicted: z.number().exactOptional(),
  /** How many servers, rows or hosts it touches: the policy asks more votes of larger ones. */
  size: z.number().default(1),
});
export type Plan = z.output<typeof Plan>;
/** What a command's `plan` returns: defaults may be left out. */
export type PlanDraft = z.input<typeof Plan>;
