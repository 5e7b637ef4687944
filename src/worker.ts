import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from './chat/report.ts';
import type { Registry } from './command/registry.ts';
import { every } from './every.ts';
import { ringAnswer, ringCards } from './jobs/deliveries.ts';
import { executeJob } from './jobs/execute.ts';
import { type Job, mayMove } from './jobs/job.ts';
import { endJob } from './jobs/lifecycle.ts';
import type { WorkerParts } from './jobs/parts.ts';
import { planJob } from './jobs/plan-job.ts';
import type { Bells, Listener } from './jobs/queue.ts';
import { LetGo } from './jobs/run.ts';
import { Fenced, ownerless, readJob, releaseJob, takeJob } from './jobs/store.ts';
import { openTenures, type Tenure } from './jobs/tenure.ts';
import { announceWorker, forgetWorker } from './jobs/workers.ts';
import type { Log } from './log.ts';
import { type Database, isUnreachable } from './mysql/database.ts';
import type { Cloud } from './openstack/cloud.ts';
import type { Policy } from './policy/policy.ts';
import { keepWatch } from './watching.ts';

export interface WorkerOptions {
  readonly name?: string;
  readonly version: string;
  readonly database: Database;
  readonly bells: Bells;
  readonly registry: Registry;
  readonly log: Log;
  readonly clouds: readonly string[];
  policy(): Policy;
  cloud(name: string): Promise<Cloud>;
  /** What is known of a cloud without waiting for it: shown by `clouds`. */
  health?(name: string): { readonly about: string | null; readonly problem: string | null };
}

export interface RunningWorker {
  readonly name: string;
  /** Lets go of every job at its next safe point; whoever takes them goes on from their rows. */
  stop(): Promise<void>;
}

const sweepMs = 5000;
/** A step that does not come to its safe point by then is left as if the process had died: its rows tell the next. */
const partingMs = 8000;
const concurrency = { ask: 32, do: 64 } as const;

/** Takes jobs of its clouds, plans them, runs them. Bells make it quick; the sweep makes it sure. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const name = options.name ?? `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const { log, database } = options;
  const tenures = openTenures(database, name, (error) => log.error({ err: error }, 'leases could not be renewed'));
  let ahead = 0;
  const parts: WorkerParts = { ...options, name, tenures, now: () => new Date(Date.now() + ahead) };
  const running = new Map<string, Promise<void>>();
  const rungMeanwhile = new Set<string>();
  let stopping = false;

  /** A bell that comes while the job is being let go of (its own next state rings too) is obeyed right after. */
  async function serve(id: string): Promise<void> {
    if (running.has(id)) return void rungMeanwhile.add(id);
    do {
      if (stopping) return;
      rungMeanwhile.delete(id);
      const work = serveJob(parts, id);
      running.set(id, work);
      await work.finally(() => running.delete(id));
    } while (rungMeanwhile.has(id));
  }

  /** Steps compare times with what the database wrote: they are told its clock, not this machine's. */
  async function look(): Promise<void> {
    ahead = (await database.now()).getTime() - Date.now();
  }

  async function sweep(): Promise<void> {
    await look();
    await announceWorker(parts, options.version, options.clouds);
    for (const { id } of await ownerless(database.rows, options.clouds)) void serve(id);
  }

  await look();
  const listeners = await listen(options, serve);
  const beat = every(sweepMs, sweep, log);
  const watches = options.clouds.map((cloud) => keepWatch(parts, cloud));
  return {
    name,
    async stop() {
      stopping = true;
      tenures.shutDown();
      const ends = [
        beat.stop(),
        ...watches.map((watch) => watch.stop()),
        ...listeners.map((listener) => listener.close()),
        ...running.values(),
      ];
      await Promise.race([Promise.allSettled(ends), sleep(partingMs, undefined, { ref: false })]);
      tenures.stop();
      await forgetWorker(database, name).catch(() => undefined);
    },
  };
}

async function listen(options: WorkerOptions, serve: (id: string) => Promise<void>): Promise<Listener[]> {
  const { bells, clouds } = options;
  return Promise.all(
    clouds.flatMap((cloud) => [
      bells.listen(`ask-${cloud}`, concurrency.ask, serve),
      bells.listen(`do-${cloud}`, concurrency.do, serve),
    ]),
  );
}

/** One job from taking it to letting it go. Never throws: what cannot be done now is found again by the sweep. */
async function serveJob(parts: WorkerParts, id: string): Promise<void> {
  const takenAt = performance.now();
  let tenure: Tenure | null = null;
  let answered: Job | null = null;
  try {
    const job = await takeJob(parts.database, id, parts.name);
    if (job === null) return;
    tenure = parts.tenures.open({ job: id, worker: parts.name, epoch: job.epoch }, takenAt, job.wish);
    if (job.state === 'planning') await planJob(parts, tenure, job);
    else await executeJob(parts, tenure, job);
    // An answered question is over; whatever else was written let go of the job by itself.
    if (job.kind === 'query') answered = job;
  } catch (error) {
    await mourn(parts, tenure, id, error);
    if (tenure !== null) await letGoOf(parts, tenure);
  } finally {
    if (tenure !== null) {
      parts.tenures.close(tenure);
      await (answered === null ? ringAll(parts, id) : ringAnswer(parts.bells, answered));
    }
  }
}

/** Losing a job is expected and leaves it to the next worker; a bug of ours ends it, said in its card, found in the log. */
async function mourn(parts: WorkerParts, tenure: Tenure | null, id: string, error: unknown): Promise<void> {
  if (isLoss(error, tenure)) return;
  parts.log.error({ err: error, job: id }, 'a job broke');
  const job = await readJob(parts.database.rows, id).catch(() => null);
  if (tenure === null || job === null || !mayMove(job.state, 'failed')) return;
  const why = `something broke in vigie; the log has it under job ${id}`;
  const end = { state: 'failed' as const, report: refuse(`${job.line}: broken off`, why), reason: why };
  await endJob(parts.database, tenure.owner, job, end).catch((again) =>
    parts.log.error({ err: again, job: id }, 'a broken job could not be ended; it is taken up again'),
  );
}

/** Told to stop at once is no loss: what breaks then is a bug like any other. */
function isLoss(error: unknown, tenure: Tenure | null): boolean {
  const reason = tenure?.signal.reason;
  return (
    error instanceof Fenced ||
    error instanceof LetGo ||
    isUnreachable(error) ||
    reason === 'shutdown' ||
    reason === 'fenced'
  );
}

async function letGoOf(parts: WorkerParts, { signal, owner }: Tenure): Promise<void> {
  if (signal.reason !== 'fenced') await releaseJob(parts.database, owner).catch(() => undefined);
}

async function ringAll(parts: WorkerParts, id: string): Promise<void> {
  await ringCards(parts.database, parts.bells, id).catch(() => undefined);
  await ringOn(parts, id);
}

/** Wakes the worker that goes on: a plan that needed no approval, a job handed over. */
async function ringOn(parts: WorkerParts, id: string): Promise<void> {
  const job = await readJob(parts.database.rows, id).catch(() => null);
  if (job === null) return;
  const ring = `${id}-${job.epoch}-${job.state}`;
  const handedOver = job.state === 'running' && job.worker === null;
  if (job.state === 'planning' && job.worker === null) await parts.bells.ring(`ask-${job.cloud}`, id, ring);
  if (job.state === 'queued' || handedOver) await parts.bells.ring(`do-${job.cloud}`, id, ring);
}
