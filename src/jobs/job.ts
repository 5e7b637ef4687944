import { z } from 'zod';
import { memory } from '../chat/memory.ts';
import type { Place } from '../chat/message.ts';
import { Report } from '../chat/report.ts';
import type { Command } from '../command/command.ts';
import { Plan, type PlanRow } from '../command/plan.ts';
import type { JobTable } from '../mysql/tables.ts';
import { StandingWish } from './standing.ts';

export const JobState = z.enum([
  'planning',
  'awaiting',
  'queued',
  'running',
  'asking',
  'parked',
  'done',
  'partial',
  'failed',
  'cancelled',
  'expired',
  'stale',
]);
export type JobState = z.output<typeof JobState>;

/** Where a job may go from where it is. Everything that moves one is a compare-and-set on state and epoch. */
const ways: Readonly<Record<JobState, readonly JobState[]>> = {
  planning: ['awaiting', 'queued', 'done', 'failed', 'cancelled'],
  awaiting: ['queued', 'cancelled', 'expired', 'failed'],
  // `done` at once where what was approved is a standing approval: nothing runs.
  queued: ['running', 'stale', 'failed', 'cancelled', 'expired', 'awaiting', 'done'],
  running: ['asking', 'parked', 'done', 'partial', 'failed', 'cancelled'],
  asking: ['running', 'cancelled'],
  parked: ['running', 'cancelled'],
  done: [],
  partial: [],
  failed: [],
  cancelled: [],
  expired: [],
  stale: [],
};

export function mayMove(from: JobState, to: JobState): boolean {
  return ways[from].includes(to);
}

export function hasEnded(state: JobState): boolean {
  return ways[state].length === 0;
}

/** Nothing more happens to it until a person speaks or its time comes. */
export function rests(state: JobState): boolean {
  return hasEnded(state) || state === 'awaiting' || state === 'asking' || state === 'parked';
}

export const open: readonly JobState[] = JobState.options.filter((state) => !hasEnded(state));

/** What the policy asked for when the plan was made. */
export const Approval = z.object({
  votes: z.number().int(),
  roles: z.array(z.string()),
  places: z.array(z.string()),
  call: z.array(z.string()),
  expiresMs: z.number(),
  typed: z.literal(true).exactOptional(),
  /** The job that approved it once for every firing: nobody is asked. */
  standing: z.string().exactOptional(),
});
export type Approval = z.output<typeof Approval>;

export interface Job
  extends Omit<
    JobTable,
    | 'state'
    | 'kind'
    | 'plan'
    | 'report'
    | 'approval'
    | 'place'
    | 'wish'
    | 'epoch'
    | 'size'
    | 'looked'
    | 'revision'
    | 'warned'
    | 'called'
    | 'standing'
  > {
  readonly state: JobState;
  readonly kind: 'query' | 'change' | 'group';
  readonly plan: Plan | null;
  /** Null too where the stored bytes no longer parse. */
  readonly report: Report | null;
  readonly approval: Approval | null;
  readonly place: Place;
  readonly wish: 'cancel' | 'cancel-now' | null;
  readonly epoch: number;
  readonly looked: boolean;
  readonly revision: number;
  readonly size: number;
  readonly standing: StandingWish | null;
}

/** No person said its line: a schedule or a campaign opened it. */
export function isByItself({ schedule, standing, campaign }: Job): boolean {
  return campaign !== null || (schedule !== null && standing === null);
}

/** What is approved is not this one job but all that it will open. */
export function isStanding({ standing }: Pick<Job, 'standing'>, command: Command | undefined): boolean {
  return standing !== null || (command?.kind === 'change' && command.standing === true);
}

export const PlaceRow = z.object({
  adapter: z.string(),
  id: z.string(),
  kind: z.enum(['channel', 'direct']),
  thread: z.string().exactOptional(),
});

type JobRow = { readonly [K in keyof JobTable]: JobTable[K] extends { __select__: infer S } ? S : JobTable[K] };

/** Plan and report are long and most readers ask for neither: they are parsed when they are. */
export function jobOf(row: JobRow): Job {
  return {
    ...row,
    state: JobState.parse(row.state),
    kind: row.kind === 'change' || row.kind === 'group' ? row.kind : 'query',
    get plan() {
      return planOf(row.plan);
    },
    get report() {
      return reportOf(row.report);
    },
    approval: parsed(Approval, row.approval),
    place: PlaceRow.parse(JSON.parse(row.place)),
    wish: row.wish === 'cancel' || row.wish === 'cancel-now' ? row.wish : null,
    epoch: Number(row.epoch),
    looked: Number(row.looked) === 1,
    revision: Number(row.revision),
    size: Number(row.size),
    // Never taken for an ordinary job: what no longer parses throws.
    standing: row.standing === null ? null : StandingWish.parse(JSON.parse(row.standing)),
  };
}

/** A plan is read many times while it waits and runs; the same bytes are the same plan. */
const planOf = remembered(Plan);
const reportOf = remembered(Report);

function remembered<S extends z.ZodType>(schema: S): (bytes: string | null) => z.output<S> | null {
  const known = memory<{ readonly read: z.output<S> | null }>(50);
  return (bytes) => {
    if (bytes === null) return null;
    const before = known.get(bytes);
    if (before !== undefined) return before.read;
    const read = parsed(schema, bytes);
    known.set(bytes, { read });
    return read;
  };
}

function parsed<S extends z.ZodType>(schema: S, bytes: string | null): z.output<S> | null {
  if (bytes === null) return null;
  const read = schema.safeParse(JSON.parse(bytes));
  return read.success ? read.data : null;
}

export interface Difference {
  readonly key: string;
  readonly label: string;
  readonly was: string | null;
  readonly is: string;
  readonly why: string;
}

/**
 * What the second look found bigger or harsher than what was approved: only that voids an approval. A row that left or
 * became milder does not.
 */
export function harsher(approved: readonly PlanRow[], now: readonly PlanRow[]): Difference[] {
  const before = new Map(approved.map((row) => [row.key, row]));
  return now.flatMap((row): Difference[] => {
    const was = before.get(row.key);
    if (was === undefined)
      return row.weight === 0 ? [] : [{ key: row.key, label: row.label, was: null, is: row.verdict, why: row.why }];
    if (row.weight <= was.weight) return [];
    return [{ key: row.key, label: row.label, was: was.verdict, is: row.verdict, why: row.why }];
  });
}
