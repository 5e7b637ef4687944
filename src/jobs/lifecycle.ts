import { sql } from 'kysely';
import type { Place } from '../chat/message.ts';
import type { Report } from '../chat/report.ts';
import { planHash } from '../command/canonical.ts';
import type { Plan } from '../command/plan.ts';
import type { Database, Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import { fitted } from './artifacts.ts';
import { claimAll, Held, letGo, unlessHeld } from './claims.ts';
import { claimClosing } from './closing.ts';
import { insertCard, touchCards } from './deliveries.ts';
import { type Approval, type Job, type JobState, mayMove } from './job.ts';
import { hasAnswer } from './questions.ts';
import { insertSteps, leaveRest } from './steps.ts';
import { dbIn, dbNow, Fenced, fence, type Owner } from './store.ts';

/** What a worker makes of a line: a plan with what the policy asks for it. */
export interface Planned {
  readonly plan: Plan;
  readonly risk: string;
  readonly approval: Approval;
}

export async function planned(database: Database, owner: Owner, job: Job, made: Planned): Promise<JobState> {
  const hash = planHash(job.command, job.cloud, made.plan.steps);
  const { votes, standing } = made.approval;
  const asks = votes > 0 && standing === undefined && made.plan.steps.length > 0;
  const state: JobState = asks ? 'awaiting' : 'queued';
  await database.transaction(async (rows) => {
    await move(rows, owner, job.state, state, {
      ...planColumns(made, hash),
      until: state === 'awaiting' ? dbIn(made.approval.expiresMs) : null,
      ...(state === 'awaiting' ? {} : { decided_at: dbNow }),
    });
    await cards(
      rows,
      job,
      made.approval.places.filter(() => state === 'awaiting'),
    );
    await audit(rows, {
      kind: 'planned',
      job: job.id,
      line: job.line,
      detail: { hash, state, votes, size: made.plan.size, ...(standing === undefined ? {} : { standing }) },
    });
  });
  return state;
}

export function planColumns(made: Planned, hash: string) {
  return {
    plan: JSON.stringify(made.plan),
    title: made.plan.title,
    plan_hash: hash,
    risk: made.risk,
    size: made.plan.size,
    approval: JSON.stringify(made.approval),
    planned_at: dbNow,
    worker: null,
    lease_until: null,
  };
}

/** A query's answer, or a job's end, in one transaction with its claims, its steps left over and its audit row. */
export async function endJob(
  database: Database,
  owner: Owner,
  job: Job,
  end: { state: JobState; report: Report | null; reason: string | null },
): Promise<void> {
  await database.transaction(async (rows) => {
    await move(rows, owner, job.state, end.state, {
      report: end.report === null ? null : JSON.stringify(await fitted(rows, owner.job, end.report)),
      reason: end.reason,
      ended_at: dbNow,
      worker: null,
      lease_until: null,
      until: null,
    });
    if (job.state !== 'planning') {
      await leaveRest(rows, owner.job, end.reason ?? 'not started');
      await letGo(rows, owner.job);
    }
    if (job.parent !== null) await endGroup(rows, job.parent);
    const shown = { ...job, id: job.parent ?? job.id };
    if (!(await cards(rows, shown, []))) await touchCards(rows, shown.id);
    await audit(rows, {
      kind: end.state,
      job: owner.job,
      human: job.human,
      line: job.line,
      detail: { reason: end.reason, worker: owner.worker },
    });
  });
}

/** The last child to end ends the group: its row is locked first, so that two last ones cannot both look past each other. */
async function endGroup(rows: Work, group: string): Promise<void> {
  await rows
    .updateTable('job')
    .set((set) => ({ revision: set('revision', '+', 1) }))
    .where('id', '=', group)
    .execute();
  const left = await rows
    .selectFrom('job')
    .select('id')
    .where('parent', '=', group)
    .where('ended_at', 'is', null)
    .execute();
  if (left.length > 0) return;
  await rows
    .updateTable('job')
    .set({ state: 'done', ended_at: dbNow })
    .where('id', '=', group)
    .where('state', '=', 'running')
    .execute();
}

/** Claims what the plan names, inserts its steps and makes the job running. Returns what stands in the way, held by somebody else. */
export async function beginJob(
  database: Database,
  owner: Owner,
  plan: Plan,
  vanished: ReadonlySet<string>,
): Promise<string | null> {
  const begun = database.transaction(async (rows) => {
    await fence(rows, owner);
    await claimAll(rows, owner.job, plan.claims);
    const full = plan.closing === undefined ? null : await claimClosing(rows, owner.job, plan.closing);
    if (full !== null) throw new Held(full);
    await move(rows, owner, 'queued', 'running', { looked: 1, started_at: dbNow });
    await insertSteps(rows, owner.job, plan.steps, vanished);
    await touchCards(rows, owner.job);
    await audit(rows, {
      kind: 'begun',
      job: owner.job,
      detail: { worker: owner.worker, epoch: owner.epoch, vanished: [...vanished] },
    });
  });
  return unlessHeld(begun.then(() => null));
}

export interface Rest {
  readonly state: 'asking' | 'parked';
  readonly until: Date;
  /** Where its open steps are. */
  readonly stages: readonly string[];
  /** What people wished when the worker looked. */
  readonly wish: string | null;
}

/**
 * Nothing can go on before a person answers or a time comes: the job lets go of its worker. Not where somebody cancelled
 * or answered since the worker looked (both lock the job's row first, as the fence does): false, and it looks again.
 */
export async function restJob(
  database: Database,
  owner: Owner,
  { state, until, stages, wish: known }: Rest,
): Promise<boolean> {
  return database.transaction(async (rows) => {
    await fence(rows, owner);
    const { wish } = await rows.selectFrom('job').select('wish').where('id', '=', owner.job).executeTakeFirstOrThrow();
    if (wish !== known || (await hasAnswer(rows, owner.job, stages))) return false;
    await move(rows, owner, 'running', state, { until, worker: null, lease_until: null });
    await touchCards(rows, owner.job);
    return true;
  });
}

/** A compare-and-set, and a fence in one: nothing moves where another worker has taken the job since. */
export async function move(rows: Work, owner: Owner, from: JobState, to: JobState, columns: Record<string, unknown>) {
  if (!mayMove(from, to)) throw new Error(`a job cannot go from ${from} to ${to}`);
  const moved = await rows
    .updateTable('job')
    .set({ revision: sql`revision + 1`, state: to, ...columns })
    .where('id', '=', owner.job)
    .where('state', '=', from)
    .where('worker', '=', owner.worker)
    .where('epoch', '=', owner.epoch)
    .executeTakeFirst();
  if (moved.numUpdatedRows !== 1n) throw new Fenced(`${owner.job} is no longer ${from}, or no longer ours`);
}

/** The card in the asking place, and one in each approval place, whichever chat asked. True: none was there before. */
export async function cards(
  rows: Work,
  job: { id: string; place: Place; reply_to: string | null; message_key: string },
  approvalPlaces: readonly string[],
): Promise<boolean> {
  const first = await insertCard(rows, {
    job: job.id,
    place: job.place,
    replyTo: job.reply_to,
    messageKey: job.message_key,
  });
  for (const id of approvalPlaces) {
    if (id === job.place.id) continue;
    const place: Place = { adapter: id.split(':')[0] ?? id, id, kind: 'channel' };
    await insertCard(rows, { job: job.id, place, replyTo: null, messageKey: null });
  }
  return first;
}
