import type { z } from 'zod';
import type { Report, StepMark } from '../chat/report.ts';
import type { Cloud, CloudReader, RequestLimits } from '../openstack/cloud.ts';
import type { BackupReader, BackupWriter } from './backup/ledger.ts';
import type { CampaignReader, CampaignWriter } from './campaign.ts';
import type { Desk } from './desk.ts';
import type { History } from './history.ts';
import type { Lease, LeaseReader, LeaseWriter } from './lease.ts';
import type { Json, Outcome, Question } from './outcome.ts';
import type { Plan, PlanDraft } from './plan.ts';

export type Role = 'reader' | 'operator' | 'approver' | 'admin';
export type Risk = 'read' | 'change' | 'disruptive' | 'destructive';

/** One word of the line. `rest` takes all remaining words as they were typed. */
export interface Arg<S extends z.ZodType = z.ZodType> {
  readonly place: 'positional' | 'option' | 'flag' | 'rest';
  readonly schema: S;
  readonly help: string;
}
export type Args = Readonly<Record<string, Arg>>;
export type Values<A extends Args> = { readonly [K in keyof A]: z.output<A[K]['schema']> };

export interface CommandFacts<A extends Args> {
  /** The words of the line; the default is the file's path. `maintenance <host> off` names an argument in its place. */
  readonly words?: string;
  /** The first of its words, which said alone mean it, too: `maintenance` for `maintenance list`. */
  readonly short?: string;
  readonly summary: string;
  /** Without prefix; each must parse. */
  readonly examples: readonly [string, ...string[]];
  readonly role: Role;
  readonly args: A;
  /** More lines for `help NAME`. */
  readonly details?: readonly string[];
}

/** Who asked, as steps and plans may say it: never an account, always the human. */
export interface Asker {
  readonly human: string;
}

export interface ClaimingJob {
  readonly id: string;
  readonly line: string;
  readonly human: string;
  readonly state: 'awaiting' | 'queued' | 'running';
}

export interface HeldHost {
  readonly host: string;
  readonly command: string;
  /** What the job that holds it claims of the cloud's servers. */
  readonly servers: ReadonlySet<string>;
}

export interface PlanContext {
  readonly cloud: CloudReader;
  readonly leases: LeaseReader;
  readonly campaigns: CampaignReader;
  readonly backups: BackupReader;
  readonly history: History;
  readonly by: Asker;
  readonly now: Date;
  readonly signal: AbortSignal;
  /** The policy lets no token of this cloud be deleted that is not archived. */
  readonly mustArchive: boolean;
  /** Who holds a claim now, as `maintenance cmp1 (7f3a)`; null if nobody does. */
  holder(claim: string): Promise<string | null>;
  /** The job that holds a claim now, or will once it begins; null if there is none. */
  jobOn(claim: string): Promise<ClaimingJob | null>;
  /** Hosts of this cloud that other jobs hold which run or came before this one, and by which command. */
  held(): Promise<readonly HeldHost[]>;
  /** Whether what this project's guests ask for by metadata is done; else it is only shown. */
  heedsWishes(project: { readonly id: string; readonly name: string | null }): boolean;
  /** How many hosts of a zone the policy lets be closed at once; null is any number. */
  readonly closedPerZone: number | null;
  /** How long the policy lets a host stay disabled or a server protected where nobody said until when; null is for ever. */
  leaseMs(kind: Lease['kind']): number | null;
}

export interface StepContext {
  readonly cloud: Cloud;
  readonly leases: LeaseWriter;
  readonly campaigns: CampaignWriter;
  readonly backups: BackupWriter;
  readonly job: { readonly id: string; readonly human: string; readonly line: string };
  /** What an earlier turn or a dead worker wrote by `act` or `remember`; null at first. */
  readonly checkpoint: Json;
  /** The database's time at which `checkpoint` was written. */
  readonly checkpointAt: Date | null;
  /** When the step first began, in any worker. */
  readonly startedAt: Date;
  /** The answer to the question this step asked, once there is one. */
  readonly answer: { readonly choice: string; readonly by: string } | null;
  /** How the job's steps that have ended did, so that a last stage can say what is left. */
  readonly ended: readonly EndedStep[];
  readonly signal: AbortSignal;
  /** As for a plan: what a step finds out for itself is judged by the same rules. */
  holder(claim: string): Promise<string | null>;
  heedsWishes(project: { readonly id: string; readonly name: string | null }): boolean;
  /** A person cancelled the job: a step that takes long ends at its next safe point, and says how far it came. */
  cancelled(): boolean;
  now(): Date;
  /** Rejects with `signal.reason` when the step must end its turn. */
  sleep(ms: number): Promise<void>;
  /** Writes the intent, fenced, then lets the request leave within 2 s or not at all. Never retried blindly. */
  act<T>(intent: Json, request: (limits: RequestLimits) => Promise<T>): Promise<T>;
  remember(checkpoint: Json): Promise<void>;
  /**
   * Shows a question while the step goes on (null takes it back), and tells the answer once somebody gave one. Nothing
   * happens by itself at its deadline: that is the step's own business.
   */
  inquire(question: Question | null): Promise<StepContext['answer']>;
  /** The job's other steps that run now. */
  beside(): readonly Underway[];
  /**
   * Does what takes a lane of the cloud as soon as those beside it let it, while the cloud is not frozen. From the look at them
   * until it is done they see it at work, however long that takes. Null: it waited longer than what it knew is good for, or
   * for long, or was told to stop; it looks, and asks again.
   */
  takeLane<T>(wanted: WantedLane<T>): Promise<{ readonly did: T } | null>;
  progress(note: string): void;
}

export interface WantedLane<T> {
  lets(others: readonly Underway[]): boolean;
  /** What it knows of its server is good for so long, ms. */
  readonly goodFor: number;
  work(): Promise<T>;
}

export interface EndedStep {
  readonly key: string;
  readonly step: string;
  readonly label: string;
  readonly state: StepMark;
  readonly note: string;
  readonly input: Json;
  readonly output: Json;
  /** What it wrote down before it asked for anything. */
  readonly checkpoint: Json;
  readonly seconds: number | null;
}

/** Another step of the job that runs now, as far as it wrote down. */
export interface Underway {
  readonly key: string;
  readonly checkpoint: Json;
  readonly startedAt: Date;
  /** It has a lane, and has not written yet what for. */
  readonly asks: boolean;
  /** It has ended; what it had asked for may go on without it. */
  readonly left?: true;
}

export interface Step<S extends z.ZodType = z.ZodType> {
  readonly input: S;
  run(input: z.output<S>, context: StepContext): Promise<Outcome>;
  /** Whether it may begin beside those that run, asked until it may; without it a free lane is enough. */
  mayBegin?(input: Json, others: readonly Underway[], now: Date): boolean;
}
export type Steps = Readonly<Record<string, Step>>;

/** What `report` gets when the job has ended. */
export interface EndedJob {
  readonly id: string;
  readonly state: 'done' | 'partial' | 'failed' | 'cancelled';
  readonly line: string;
  readonly cloud: string;
  readonly plan: Plan;
  readonly steps: readonly EndedStep[];
  readonly seconds: number;
}

/** The uniform shapes that the registry holds, made by `query`, `change` and `control`. */
export interface QueryCommand extends CommandFacts<Args> {
  readonly kind: 'query';
  readonly risk: 'read';
  answer(values: Values<Args>, context: PlanContext): Promise<Report>;
}
export interface ChangeCommand extends CommandFacts<Args> {
  readonly kind: 'change';
  readonly risk: Risk;
  /** Approved once for all that it will open: as the policy asks for a standing approval, never by breaking the glass. */
  readonly standing?: true;
  readonly steps: Steps;
  plan(values: Values<Args>, context: PlanContext): Promise<PlanDraft>;
  report(job: EndedJob): Report;
}
export interface ControlCommand extends CommandFacts<Args> {
  readonly kind: 'control';
  readonly risk: 'read' | 'change';
  run(values: Values<Args>, desk: Desk): Promise<Report>;
}
export type Command = QueryCommand | ChangeCommand | ControlCommand;
export type { Lease };
