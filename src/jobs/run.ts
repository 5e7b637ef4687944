import type { ChangeCommand } from '../command/command.ts';
import type { Cloud } from '../openstack/cloud.ts';
import { endedStep } from './ended-step.ts';
import type { Job } from './job.ts';
import { isReady, isTaken, runLanes } from './lanes.ts';
import { endJob, type Rest, restJob } from './lifecycle.ts';
import type { WorkerParts } from './parts.ts';
import { bad, isStopped, openStages, type Phase, phasesOf, settled } from './phases.ts';
import { openProgress, type Progress } from './progress.ts';
import { type StepRow, stepsOf } from './steps.ts';
import { readJob } from './store.ts';
import type { Tenure } from './tenure.ts';

export interface Run {
  readonly parts: WorkerParts;
  readonly tenure: Tenure;
  readonly job: Job;
  readonly command: ChangeCommand;
  readonly cloud: Cloud;
}

/** Carries a running job on from wherever its rows stand, until it has ended or nothing can go on without a person. */
export async function runJob(run: Run): Promise<void> {
  const progress = openProgress(run.parts, run.tenure);
  try {
    for (const phase of phasesOf(run.job.plan?.stages ?? [])) if (await runPhase(run, phase, progress)) return;
    await finish(run);
  } finally {
    await progress.close();
  }
}

/** False when the phase is through (or may not begin), true once the job rests: it waits for a person or a time. */
async function runPhase(run: Run, phase: Phase, progress: Progress): Promise<boolean> {
  const { always } = phase[0];
  for (;;) {
    letGo(run);
    const rows = await stepsOf(run.parts.database.rows, run.job.id);
    const { stages, last } = openStages(phase, rows);
    if (!always && (run.tenure.wish() !== null || isStopped(run.job.plan?.stages ?? [], last, rows))) return false;
    const open = rows.filter((row) => stages.has(row.stage) && !settled.has(row.state));
    if (open.length === 0) return false;
    const now = await run.parts.database.now();
    const goesOn = open.some((row) => isReady(row, now) && !isTaken({ job: run.job, going: new Map() }, row, rows));
    if (goesOn) await runLanes(run, phase, progress);
    else if (await restJob(run.parts.database, run.tenure.owner, restOf(run, open))) return true;
    else await hearWish(run);
  }
}

/** A wish that came while the job was about to rest is heard now, not at the next beat. */
async function hearWish({ parts, tenure, job }: Run): Promise<void> {
  tenure.hear((await readJob(parts.database.rows, job.id))?.wish ?? null);
}

/** Frozen for too long, or told to shut down: whoever takes the job next goes on from its rows. */
function letGo({ tenure }: Run): void {
  const { reason } = tenure.signal;
  if (reason === 'shutdown' || reason === 'fenced') throw new LetGo(reason);
}

export class LetGo extends Error {
  override readonly name = 'LetGo';
}

function restOf({ tenure }: Run, open: readonly StepRow[]): Rest {
  const times = open.flatMap((row) => (row.until === null ? [] : [row.until.getTime()]));
  return {
    state: open.some((row) => row.state === 'asking') ? 'asking' : 'parked',
    until: new Date(Math.min(...times)),
    stages: [...new Set(open.map((row) => row.stage))],
    wish: tenure.wish(),
  };
}

/** Done only when every step is proven; whatever was blocked or unproven makes it partial; the first failure of a stopping stage, failed. */
async function finish(run: Run): Promise<void> {
  letGo(run);
  const { parts, tenure } = run;
  const job = (await readJob(parts.database.rows, run.job.id)) ?? run.job;
  const rows = await stepsOf(parts.database.rows, job.id);
  const state = endState(run, rows);
  const reason = state === 'cancelled' ? `cancelled by ${job.wish_by ?? 'someone'}` : null;
  const left = reason ?? 'not started: an earlier step failed';
  const steps = rows.map((row) =>
    settled.has(row.state) ? endedStep(row) : { ...endedStep(row), state: 'blocked' as const, note: left },
  );
  const now = await parts.database.now();
  const seconds = Math.round((now.getTime() - (job.started_at ?? now).getTime()) / 1000);
  const plan = job.plan;
  if (plan === null) throw new Error(`job ${job.id} has no plan that parses`);
  const report = run.command.report({ id: job.id, state, line: job.line, cloud: job.cloud, plan, steps, seconds });
  await endJob(parts.database, tenure.owner, job, { state, report, reason });
}

function endState(run: Run, rows: readonly StepRow[]): 'done' | 'partial' | 'failed' | 'cancelled' {
  const troubled = rows.filter((row) => !settled.has(row.state) || bad.has(row.state));
  if (troubled.length === 0) return 'done';
  if (run.tenure.wish() !== null) return 'cancelled';
  const proofs = new Set(run.job.plan?.stages.filter(({ always }) => always).map(({ name }) => name));
  // What may have happened counts as something: only a job that surely did nothing has failed.
  const anything = rows.some((row) => !proofs.has(row.stage) && (row.state === 'done' || row.state === 'unproven'));
  return anything ? 'partial' : 'failed';
}
