import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Place } from '../chat/message.ts';
import { type Database, isDuplicate, type Rows, type Work } from '../mysql/database.ts';
import { type Job, type JobState, jobOf, open } from './job.ts';
import type { StandingWish } from './standing.ts';

/** UTC_TIMESTAMP(3), the only clock that leases and times are measured by. */
export const dbNow = sql<Date>`UTC_TIMESTAMP(3)`;

export function dbIn(ms: number) {
  return sql<Date>`UTC_TIMESTAMP(3) + INTERVAL ${Math.round(ms * 1000)} MICROSECOND`;
}

/** How long a worker owns a job without renewing. */
export const leaseMs = 15_000;

export interface NewJob {
  readonly state: JobState;
  readonly kind: 'query' | 'change' | 'group';
  readonly command: string;
  readonly line: string;
  readonly cloud: string;
  readonly human: string;
  readonly account: string;
  readonly place: Place;
  readonly messageKey: string;
  readonly replyTo: string | null;
  readonly policyHash: string;
  readonly parent?: string;
  readonly predecessor?: string;
  readonly schedule?: string;
  readonly standing?: StandingWish;
  readonly campaign?: string;
  readonly untilMs?: number;
}

/** Ids are short, because people type them: four hex digits, more once those run out. */
export async function insertJob(rows: Work, job: NewJob): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const id = randomBytes(6)
      .toString('hex')
      .slice(0, 4 + Math.floor(attempt / 3));
    try {
      await rows.insertInto('job').values(rowOf(id, job)).execute();
      return id;
    } catch (error) {
      if (!isDuplicate(error) || attempt > 20) throw error;
    }
  }
}

function rowOf(id: string, job: NewJob) {
  return {
    id,
    state: job.state,
    kind: job.kind,
    command: job.command,
    line: job.line,
    cloud: job.cloud,
    human: job.human,
    account: job.account,
    place: JSON.stringify(job.place),
    place_id: job.place.id,
    message_key: job.messageKey,
    reply_to: job.replyTo,
    policy_hash: job.policyHash,
    parent: job.parent ?? null,
    predecessor: job.predecessor ?? null,
    schedule: job.schedule ?? null,
    campaign: job.campaign ?? null,
    standing: job.standing === undefined ? null : JSON.stringify(job.standing),
    until: job.untilMs === undefined ? null : dbIn(job.untilMs),
    created_at: dbNow,
  };
}

export async function readJob(rows: Rows | Work, id: string): Promise<Job | null> {
  return only(rows.selectFrom('job').selectAll().where('id', '=', id));
}

/** Whoever else would change it waits until this transaction ends. */
export async function readLocked(rows: Work, id: string): Promise<Job | null> {
  return only(rows.selectFrom('job').selectAll().where('id', '=', id).forUpdate());
}

async function only(query: {
  executeTakeFirst(): Promise<Parameters<typeof jobOf>[0] | undefined>;
}): Promise<Job | null> {
  const row = await query.executeTakeFirst();
  return row === undefined ? null : jobOf(row);
}

/**
 * Makes this worker the owner, if nobody is: one UPDATE on the database's clock, a new epoch. Null where another worker
 * owns it or there is nothing to do. What this worker itself still seems to own (the answer was lost, or it could not be
 * let go of) is taken anew: a worker serves a job once at a time, and the new epoch ends whatever was before.
 */
export async function takeJob(database: Database, id: string, worker: string): Promise<Job | null> {
  const taken = await database.rows
    .updateTable('job')
    .set((set) => ({ worker, lease_until: dbIn(leaseMs), epoch: set('epoch', '+', 1) }))
    .where('id', '=', id)
    .where('kind', '!=', 'group')
    .where('state', 'in', ['planning', 'queued', 'running'])
    .where((where) =>
      where.or([where('lease_until', 'is', null), where('lease_until', '<', dbNow), where('worker', '=', worker)]),
    )
    .executeTakeFirst();
  if (taken.numUpdatedRows !== 1n) return null;
  const job = await readJob(database.rows, id);
  return job !== null && job.worker === worker ? job : null;
}

/** Who owns a job, as every write of its worker must prove. */
export interface Owner {
  readonly job: string;
  readonly worker: string;
  readonly epoch: number;
}

/** Thrown where a worker that no longer owns the job tries to write. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** The first statement of every write of a worker: fails where another has taken the job since. */
export async function fence(rows: Work, owner: Owner): Promise<void> {
  const mine = await rows
    .updateTable('job')
    .set({ revision: sql`revision + 1` })
    .where('id', '=', owner.job)
    .where('worker', '=', owner.worker)
    .where('epoch', '=', owner.epoch)
    .executeTakeFirst();
  if (mine.numUpdatedRows !== 1n) throw new Fenced(`${owner.job} is no longer ours`);
}

/** Before a person or a time changes a job's steps: its worker, about to rest, sees either all of it or nothing. */
export async function lockJob(rows: Work, id: string): Promise<void> {
  await rows.updateTable('job').set({ revision: sql`revision + 1` }).where('id', '=', id).execute();
}

/** Prolongs leases, where asked to, and tells which of the jobs this worker still owns, with what people wish of them. */
export async function renewLeases(
  database: Database,
  worker: string,
  ids: readonly string[],
  prolong: boolean,
): Promise<{ id: string; epoch: number; wish: string | null }[]> {
  if (prolong) await prolongLeases(database, worker, ids);
  return database.rows
    .selectFrom('job')
    .select(['id', 'epoch', 'wish'])
    .where('worker', '=', worker)
    .where('id', 'in', ids)
    .execute();
}

async function prolongLeases(database: Database, worker: string, ids: readonly string[]): Promise<void> {
  await database.rows
    .updateTable('job')
    .set({ lease_until: dbIn(leaseMs) })
    .where('worker', '=', worker)
    .where('id', 'in', ids)
    .where('state', 'in', ['planning', 'queued', 'running'])
    .execute();
}

export async function releaseJob(database: Database, owner: Owner): Promise<void> {
  await database.rows
    .updateTable('job')
    .set({ worker: null, lease_until: null })
    .where('id', '=', owner.job)
    .where('worker', '=', owner.worker)
    .where('epoch', '=', owner.epoch)
    .execute();
}

/** Jobs of these clouds that nobody owns and somebody should. */
export async function ownerless(
  rows: Rows,
  clouds: readonly string[],
): Promise<{ id: string; state: string; epoch: number; cloud: string }[]> {
  if (clouds.length === 0) return [];
  return rows
    .selectFrom('job')
    .select(['id', 'state', 'epoch', 'cloud'])
    .where('state', 'in', ['planning', 'queued', 'running'])
    .where('kind', '!=', 'group')
    .where('cloud', 'in', clouds)
    .where((where) => where.or([where('lease_until', 'is', null), where('lease_until', '<', dbNow)]))
    .orderBy('created_at')
    .limit(500)
    .execute();
}

export async function openJobsIn(
  rows: Rows | Work,
  placeId: string,
  states: readonly JobState[] = open,
): Promise<Job[]> {
  const found = await rows
    .selectFrom('job')
    .selectAll()
    .where('state', 'in', states)
    .where('parent', 'is', null)
    .where((where) =>
      where.or([
        where('place_id', '=', placeId),
        where(
          'id',
          'in',
          where
            .selectFrom('delivery')
            .select('job')
            .where('kind', '=', 'card')
            .where('place_id', '=', placeId)
            .$castTo<{ job: string }>(),
        ),
      ]),
    )
    .orderBy('created_at')
    .limit(50)
    .execute();
  return found.map(jobOf);
}
