import type { Stage } from '../command/plan.ts';

export const settled: ReadonlySet<string> = new Set(['done', 'gone', 'blocked', 'failed', 'unproven']);
export const bad: ReadonlySet<string> = new Set(['blocked', 'failed', 'unproven']);

/** Stages that may go on beside each other: those that need not end before what follows, and the one after them. */
export type Phase = readonly [Stage, ...Stage[]];

interface Row {
  readonly stage: string;
  readonly state: string;
}

export function phasesOf(stages: readonly Stage[]): Phase[] {
  const phases: [Stage, ...Stage[]][] = [];
  for (const stage of stages) {
    const phase = phases.at(-1);
    const before = phase?.at(-1);
    if (phase !== undefined && before?.until === 'one' && before.always === stage.always) phase.push(stage);
    else phases.push([stage]);
  }
  return phases;
}

/** What of a phase may go on now, by how its rows stand. */
export interface Open {
  readonly stages: ReadonlySet<string>;
  /** The last of them: how many go on at once is its to say. */
  readonly last: Stage;
}

/** Each stage but the first follows one that is through. */
export function openStages([first, ...rest]: Phase, rows: readonly Row[]): Open {
  const stages = new Set([first.name]);
  let last = first;
  for (const stage of rest) {
    if (!isThrough(last, rows)) break;
    stages.add(stage.name);
    last = stage;
  }
  return { stages, last };
}

/** What follows it may begin: nothing of it is left, or one of its steps is done and it need not wait for the others. */
function isThrough({ name, until }: Stage, rows: readonly Row[]): boolean {
  const own = rows.filter(({ stage }) => stage === name);
  return own.every(({ state }) => settled.has(state)) || (until === 'one' && own.some(({ state }) => state === 'done'));
}

/** This stage, or one before it, stops at a failure and had one. */
export function isStopped(stages: readonly Stage[], { name }: Stage, rows: readonly Row[]): boolean {
  const before = stages.slice(0, stages.findIndex((one) => one.name === name) + 1);
  const stopping = new Set(before.filter((one) => one.onFailure === 'stop' && !one.always).map((one) => one.name));
  return rows.some((row) => stopping.has(row.stage) && bad.has(row.state));
}
