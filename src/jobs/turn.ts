import { setTimeout as after } from 'node:timers/promises';
import { UserError } from '../chat/user-error.ts';
import type { EndedStep, Step, StepContext } from '../command/command.ts';
import { failed, type Json, type Outcome, unproven } from '../command/outcome.ts';
import { isUnreachable } from '../mysql/database.ts';
import type { Cloud } from '../openstack/cloud.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { heedsWishes } from '../policy/policy.ts';
import { backupWriter } from './backups.ts';
import { campaignWriter } from './campaign-ports.ts';
import { holderOf } from './claims.ts';
import type { Job } from './job.ts';
import { leaseWriter } from './leases.ts';
import type { WorkerParts } from './parts.ts';
import { askBeside } from './questions.ts';
import { endStep, type StepRow, saveCheckpoint, startStep } from './steps.ts';
import { Fenced } from './store.ts';
import type { Tenure } from './tenure.ts';

/** A request leaves this soon after its intent was written, or not at all. */
const intentMs = 2000;
/** How often a step that only could not look is run again, and how long between. */
const patience = { turns: 40, pauseMs: 5000 };

export interface Turn {
  readonly parts: WorkerParts;
  readonly tenure: Tenure;
  readonly job: Job;
  readonly cloud: Cloud;
  readonly step: Step;
  readonly row: StepRow;
  readonly ended: readonly EndedStep[];
  /** The step belongs to a stage that runs after a stop too: its sleeps are not cut short by one. */
  readonly always: boolean;
  progress(key: string, note: string): void;
  /** It wrote something that steps beside it may wait for. */
  wrote(checkpoint: Json): void;
  readonly beside: StepContext['beside'];
  readonly takeLane: StepContext['takeLane'];
}

/** Runs one step until its turn ends, and writes how. Throws only where this worker must let go of the job. */
export async function takeTurn(turn: Turn): Promise<Outcome> {
  const { parts, tenure, row } = turn;
  const input = turn.step.input.safeParse(row.input);
  if (!input.success) return finish(turn, unproven('planned by another version of vigie: its input no longer parses'));
  await startStep(parts.database, tenure.owner, row);
  const memory = { checkpoint: row.checkpoint, at: row.checkpointAt };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await finish(turn, await turn.step.run(input.data, contextOf(turn, memory)));
    } catch (error) {
      const outcome = await judged(turn, error, attempt);
      if (outcome !== null) return finish(turn, outcome);
    }
  }
}

async function finish(turn: Turn, outcome: Outcome): Promise<Outcome> {
  await endStep(turn.parts.database, turn.tenure.owner, turn.row, outcome);
  return outcome;
}

/** What an exception means for the step: null = look again; steps converge, so running one again is always allowed. */
async function judged(turn: Turn, error: unknown, attempt: number): Promise<Outcome | null> {
  const { tenure, parts, job, row } = turn;
  const reason = tenure.signal.reason;
  if (reason === 'shutdown' || reason === 'fenced' || error instanceof Fenced || isUnreachable(error)) throw error;
  if (reason === 'cancel-now' && !turn.always)
    return unproven('told to stop at once: what it had asked for may still happen');
  if (error instanceof OpenStackError && passing.has(error.problem) && attempt < patience.turns) {
    turn.progress(row.key, `the cloud does not answer (${error.problem}); looking again`);
    await pause(patience.pauseMs, tenure.signal);
    return null;
  }
  if (error instanceof OpenStackError || error instanceof UserError) return failed(error.message);
  parts.log.error({ err: error, job: job.id, step: row.key }, 'a step broke');
  return failed(`something broke in vigie; the log has it under job ${job.id}, step ${row.key}`);
}

const passing = new Set(['unavailable', 'timeout', 'unreadable', 'rate-limited', 'not-sent']);

function contextOf(turn: Turn, memory: { checkpoint: Json; at: Date | null }): StepContext {
  const { parts, tenure, job, row } = turn;
  let toldToStop = turn.always;
  async function remember(checkpoint: Json): Promise<void> {
    await saveCheckpoint(parts.database, tenure.owner, row.key, checkpoint);
    memory.checkpoint = checkpoint;
    memory.at = parts.now();
    turn.wrote(checkpoint);
  }
  return {
    cloud: turn.cloud,
    leases: leaseWriter(parts.database, tenure.owner, job),
    campaigns: campaignWriter(parts.database, tenure.owner, job),
    backups: backupWriter(parts.database, tenure.owner, job),
    job: { id: job.id, human: job.human, line: job.line },
    get checkpoint() {
      return memory.checkpoint;
    },
    get checkpointAt() {
      return memory.at;
    },
    startedAt: row.startedAt ?? parts.now(),
    answer: row.answer,
    ended: turn.ended,
    signal: tenure.signal,
    holder: (claim) => holderOf(parts.database.rows, claim, job.id),
    heedsWishes: (project) => heedsWishes(parts.policy(), job.cloud, project),
    cancelled: () => tenure.wish() !== null,
    now: parts.now,
    async sleep(ms) {
      const { signal } = tenure;
      if (signal.aborted && (signal.reason !== 'cancel-now' || !toldToStop)) {
        toldToStop = true;
        throw new Stopped(String(signal.reason));
      }
      await pause(ms, signal);
    },
    async act(intent, request) {
      const begun = performance.now();
      await remember(intent);
      const notAfter = Math.min(begun + intentMs, tenure.validUntil());
      if (!tenure.alive()) throw new Fenced(`${job.id} is no longer ours`);
      // What has left is never cut off by us: its answer, or its silence, is looked into.
      return request({ signal: new AbortController().signal, notAfter });
    },
    remember,
    inquire: (question) => askBeside(parts.database, tenure.owner, row.key, question),
    beside: turn.beside,
    takeLane: turn.takeLane,
    progress: (note) => turn.progress(row.key, note),
  };
}

/** Thrown by `sleep` where a step must end its turn: the message is the reason. */
class Stopped extends Error {
  override readonly name = 'Stopped';
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return void (await after(ms));
  try {
    await after(ms, undefined, { signal });
  } catch {
    // Woken early: the next sleep, or the next look, says why.
  }
}
