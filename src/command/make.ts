import type { z } from 'zod';
import type { Report } from '../chat/report.ts';
import type {
  Arg,
  Args,
  ChangeCommand,
  CommandFacts,
  ControlCommand,
  EndedJob,
  PlanContext,
  QueryCommand,
  Risk,
  Step,
  StepContext,
  Steps,
  Values,
} from './command.ts';
import type { Desk } from './desk.ts';
import type { Outcome } from './outcome.ts';
import type { PlanDraft } from './plan.ts';

interface Query<A extends Args> extends CommandFacts<A> {
  answer(values: Values<A>, context: PlanContext): Promise<Report>;
}

interface Change<A extends Args, S extends Steps> extends CommandFacts<A> {
  readonly risk: Risk;
  readonly standing?: true;
  readonly steps: S;
  plan(values: Values<A>, context: PlanContext): Promise<PlanDraft & { steps: { step: keyof S & string }[] }>;
  report(job: EndedJob): Report;
}

interface Control<A extends Args> extends CommandFacts<A> {
  readonly risk?: 'read' | 'change';
  run(values: Values<A>, desk: Desk): Promise<Report>;
}

/** Reads a cloud and answers; one harmless step. */
export function query<A extends Args>(command: Query<A>): QueryCommand {
  // The registry parses values with the command's own schemas before they reach it: the one place the types widen.
  return { ...(command as unknown as QueryCommand), kind: 'query', risk: 'read' };
}

/** Plans, asks, does, proves. */
export function change<A extends Args, S extends Steps>(command: Change<A, S>): ChangeCommand {
  // As in `query`.
  return { ...(command as unknown as ChangeCommand), kind: 'change' };
}

/** Answered by the bot itself, from rows. */
export function control<A extends Args>(command: Control<A>): ControlCommand {
  // As in `query`.
  return { ...(command as unknown as ControlCommand), kind: 'control', risk: command.risk ?? 'read' };
}

export function step<S extends z.ZodType>(
  input: S,
  run: (input: z.output<S>, context: StepContext) => Promise<Outcome>,
  mayBegin?: NonNullable<Step['mayBegin']>,
): Step<S> {
  return mayBegin === undefined ? { input, run } : { input, run, mayBegin };
}

export function positional<S extends z.ZodType>(schema: S, help: string): Arg<S> {
  return { place: 'positional', schema, help };
}

export function option<S extends z.ZodType>(schema: S, help: string): Arg<S> {
  return { place: 'option', schema, help };
}

export function flag<S extends z.ZodType>(schema: S, help: string): Arg<S> {
  return { place: 'flag', schema, help };
}

export function rest<S extends z.ZodType>(schema: S, help: string): Arg<S> {
  return { place: 'rest', schema, help };
}
