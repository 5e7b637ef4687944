import type { ChangeCommand } from '../command/command.ts';
import type { Json, Outcome } from '../command/outcome.ts';
import { endedStep } from './ended-step.ts';
import { isFrozen } from './freezes.ts';
import { bad, openStages, type Phase, settled } from './phases.ts';
import type { Progress } from './progress.ts';
import type { Run } from './run.ts';
import { type StepRow, stepsOf } from './steps.ts';
import { frozenBy, lookEveryMs, openBell, othersOf, type Seats, takeLane } from './take-lane.ts';
import { takeTurn } from './turn.ts';

/** The part of a phase that is carried on now. */
interface Carrying extends Seats {
  readonly phase: Phase;
  readonly going: Map<string, Promise<void>>;
  /** Ends after which their stage, and what follows it, begins nothing more. */
  readonly stops: Outcome[];
  readonly thrown: unknown[];
}

/**
 * Carries a phase on until none of its steps can go on: so many new ones at a time, of one turn never two, none before
 * its command lets it begin. What had begun before (answered, woken, left by a dead worker) needs no free lane.
 */
export async function runLanes(run: Run, phase: Phase, progress: Progress): Promise<void> {
  const carrying: Carrying = {
    run,
    phase,
    progress,
    going: new Map(),
    beside: new Map(),
    stops: [],
    thrown: [],
    bell: openBell(),
  };
  // What another worker saw end may hold its lane as well.
  for (const row of await stepsOf(run.parts.database.rows, run.job.id)) {
    const { key, checkpoint, startedAt } = row;
    if (mayGoOn(row))
      carrying.beside.set(key, { key, checkpoint, startedAt: startedAt ?? new Date(0), asks: false, left: true });
  }
  for (;;) {
    const rung = carrying.bell.within(lookEveryMs);
    const may = carrying.thrown.length > 0 ? 'never' : await mayStart(carrying);
    if (may === 'now') await startNext(carrying);
    if (carrying.going.size === 0 && may !== 'later') break;
    await rung;
  }
  if (carrying.thrown.length > 0) throw carrying.thrown[0];
}

/** Later, while the cloud is frozen; never, once a person cancelled, or a stage stopped at a failure. */
async function mayStart({ run, phase, stops, progress }: Carrying): Promise<'now' | 'later' | 'never'> {
  if (phase[0].always) return 'now';
  if (run.tenure.signal.aborted || run.tenure.wish() !== null) return 'never';
  if (stops.length > 0) return 'never';
  const frozen = await isFrozen(run.parts.database.rows, run.job.cloud);
  if (frozen === null) return 'now';
  progress.note('', frozenBy(frozen));
  return 'later';
}

async function startNext(carrying: Carrying): Promise<void> {
  const { run, phase, going } = carrying;
  const { database } = run.parts;
  // What ends while its rows are being read is judged by newer ones, the next time.
  const busy = new Set(going.keys());
  const rows = await stepsOf(database.rows, run.job.id);
  const now = await database.now();
  // What was thrown meanwhile is no longer busy, and for the next worker to take up.
  if (carrying.thrown.length > 0) return;
  const { stages, last } = openStages(phase, rows);
  for (const row of rows) {
    if (!stages.has(row.stage) || settled.has(row.state) || busy.has(row.key) || !isReady(row, now)) continue;
    if (isTaken({ job: run.job, going }, row, rows)) continue;
    if (row.startedAt === null && (going.size >= last.lanes || !mayBegin(carrying, row))) continue;
    going.set(row.key, go(carrying, row));
  }
}

export function isReady(row: StepRow, now: Date): boolean {
  if (row.state === 'asking') return row.answer !== null;
  return row.until === null || row.until <= now;
}

/** Another step of the same turn has begun and not ended. */
export function isTaken(
  { job, going }: Pick<Run, 'job'> & { readonly going: ReadonlyMap<string, unknown> },
  row: StepRow,
  rows: readonly StepRow[],
): boolean {
  const turns = new Map(job.plan?.steps.map(({ key, turn }) => [key, turn]));
  const turn = turns.get(row.key);
  if (turn === undefined) return false;
  const others = rows.filter(({ key, state }) => key !== row.key && turns.get(key) === turn && !settled.has(state));
  return others.some(({ key, startedAt }) => startedAt !== null || going.has(key));
}

function mayBegin({ run, beside }: Carrying, row: StepRow): boolean {
  const lets = run.command.steps[row.name]?.mayBegin;
  return lets === undefined || lets(row.input, [...beside.values()], run.parts.now());
}

async function go(carrying: Carrying, row: StepRow): Promise<void> {
  const { key, checkpoint } = row;
  const startedAt = row.startedAt ?? carrying.run.parts.now();
  carrying.beside.set(key, { key, checkpoint, startedAt, asks: false });
  try {
    const outcome = await oneStep(carrying, row);
    const stage = carrying.phase.find(({ name }) => name === row.stage);
    if (stage?.onFailure === 'stop' && bad.has(outcome.state)) carrying.stops.push(outcome);
    leave(carrying, key, outcome);
  } catch (error) {
    // What it had asked for goes on without it: those that look on must see it until this worker has let go of the job.
    carrying.thrown.push(error);
  } finally {
    carrying.going.delete(key);
    carrying.bell.ring();
  }
}

function leave({ beside }: Carrying, key: string, { state }: Outcome): void {
  const last = beside.get(key);
  if (last !== undefined && mayGoOn({ state, checkpoint: last.checkpoint })) {
    beside.set(key, { ...last, asks: false, left: true });
  } else beside.delete(key);
}

/** A move that was given up, or whose server was deleted, may hold its lane for as long as Nova is not through with it. */
function mayGoOn({ state, checkpoint }: { state: string; checkpoint: Json }): boolean {
  return checkpoint !== null && (state === 'unproven' || state === 'gone');
}

async function oneStep(carrying: Carrying, row: StepRow): Promise<Outcome> {
  const { run, phase, progress, beside, bell } = carrying;
  const step = run.command.steps[row.name];
  const known = step ?? {
    input: never,
    run: async () => ({
      state: 'unproven' as const,
      note: `this version of vigie has no step ${row.name}`,
      output: null,
    }),
  };
  const rows = await stepsOf(run.parts.database.rows, run.job.id);
  return takeTurn({
    ...run,
    step: known,
    row,
    ended: rows.filter((one) => settled.has(one.state)).map(endedStep),
    always: phase[0].always,
    progress: progress.note,
    wrote(checkpoint) {
      const startedAt = row.startedAt ?? run.parts.now();
      beside.set(row.key, { key: row.key, checkpoint, startedAt, asks: false });
      bell.ring();
    },
    beside: () => othersOf(carrying, row.key),
    takeLane: (wanted) => takeLane(carrying, row.key, wanted),
  });
}

const never = { safeParse: () => ({ success: false }) } as unknown as ChangeCommand['steps'][string]['input'];
