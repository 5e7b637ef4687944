import type { Report } from '../chat/report.ts';
import { type Database, isUnreachable, type Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import { callAgain } from './calls.ts';
import { insertNote, touchCards } from './deliveries.ts';
import { jobOf, PlaceRow } from './job.ts';
import { remindOfLeases } from './lease-times.ts';
import { cards } from './lifecycle.ts';
import { dbIn, dbNow, lockJob } from './store.ts';
import { workersSeen } from './workers.ts';

/** A job that no worker took after so long says so. */
const unservedMs = 6000;

/** Everything whose time has come, each by compare-and-set: any number of bots may do this at once. Returns jobs to ring for. */
export async function passTimes(database: Database): Promise<{ id: string; cloud: string; epoch: number }[]> {
  const broken: unknown[] = [];
  for (const pass of [expireAwaiting, answerOverdue, endGroups, tellUnserved, callAgain, remindOfLeases])
    await pass(database).catch((error: unknown) => {
      // A database that is away answers none of the others either.
      if (isUnreachable(error)) throw error;
      broken.push(error);
    });
  const woken = await wakeParked(database);
  if (woken.length === 0 && broken.length > 0) throw new AggregateError(broken, 'not everything could be told in time');
  return woken;
}

async function expireAwaiting(database: Database): Promise<void> {
  const late = await database.rows
    .selectFrom('job')
    .select(['id', 'human', 'line'])
    .where('state', '=', 'awaiting')
    .where('until', '<', dbNow)
    .execute();
  for (const { id, human, line } of late) {
    await database.transaction(async (rows) => {
      const moved = await rows
        .updateTable('job')
        .set({ state: 'expired', ended_at: dbNow })
        .where('id', '=', id)
        .where('state', '=', 'awaiting')
        .where('until', '<', dbNow)
        .executeTakeFirst();
      if (moved.numUpdatedRows !== 1n) return;
      await touchCards(rows, id);
      await audit(rows, { kind: 'expired', job: id, human, line });
    });
  }
}

/** A question nobody answered takes its fallback. */
async function answerOverdue(database: Database): Promise<void> {
  const late = await database.rows
    .selectFrom('step')
    .innerJoin('job', 'job.id', 'step.job')
    .select(['step.job', 'step.step_key', 'step.question', 'step.until'])
    .where('step.state', '=', 'asking')
    .where('step.answer', 'is', null)
    .where('step.until', '<', dbNow)
    .where('job.state', 'in', ['asking', 'running'])
    .execute();
  for (const { job, step_key: key, question } of late) {
    const choice: string = JSON.parse(question ?? '{"fallback":""}').fallback;
    await database.transaction(async (rows) => {
      await lockJob(rows, job);
      const written = await rows
        .updateTable('step')
        .set({ answer: choice, answered_by: 'nobody in time', until: null })
        .where('job', '=', job)
        .where('step_key', '=', key)
        .where('state', '=', 'asking')
        .where('answer', 'is', null)
        .executeTakeFirst();
      if (written.numUpdatedRows !== 1n) return;
      await rows
        .updateTable('job')
        .set({ state: 'running', until: null })
        .where('id', '=', job)
        .where('state', '=', 'asking')
        .execute();
      await touchCards(rows, job);
      await audit(rows, { kind: 'answer', job, detail: { step: key, choice, by: 'nobody in time' } });
    });
  }
}

async function wakeParked(database: Database): Promise<{ id: string; cloud: string; epoch: number }[]> {
  const { rows } = database;
  await rows
    .updateTable('job')
    .set({ state: 'running', until: null })
    // A job that asks may have steps that only wait for a time.
    .where('state', 'in', ['parked', 'asking'])
    .where('until', '<', dbNow)
    .execute();
  return rows
    .selectFrom('job')
    .select(['id', 'cloud', 'epoch'])
    .where('state', '=', 'running')
    .where('worker', 'is', null)
    .where('kind', '!=', 'group')
    .execute();
}

/** A query over several clouds ends at its deadline; the clouds that did not answer are named on its card. */
async function endGroups(database: Database): Promise<void> {
  const late = await database.rows
    .selectFrom('job')
    .select('id')
    .where('kind', '=', 'group')
    .where('state', '=', 'running')
    .where('until', '<', dbNow)
    .execute();
  for (const { id } of late) {
    await database.transaction(async (rows) => {
      const moved = await rows
        .updateTable('job')
        .set({ state: 'partial', ended_at: dbNow })
        .where('id', '=', id)
        .where('state', '=', 'running')
        .executeTakeFirst();
      if (moved.numUpdatedRows !== 1n) return;
      await forgetUntaken(rows, id);
      const group = await rows.selectFrom('job').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
      await cards(rows, jobOf(group), []);
      await touchCards(rows, id);
    });
  }
}

/** What no worker reads yet is not read later either: nobody waits for it any more. What is being read is still told. */
async function forgetUntaken(rows: Work, group: string): Promise<void> {
  await rows
    .updateTable('job')
    .set({ state: 'cancelled', reason: 'no worker read it in time', ended_at: dbNow })
    .where('parent', '=', group)
    .where('state', '=', 'planning')
    .where((where) => where.or([where('worker', 'is', null), where('lease_until', '<', dbNow)]))
    .execute();
}

/** A job nobody takes says so, once. */
async function tellUnserved(database: Database): Promise<void> {
  const waiting = await database.rows
    .selectFrom('job')
    .select(['id', 'state', 'cloud', 'line', 'place', 'message_key', 'reply_to', 'epoch'])
    .where('warned', '=', 0)
    .where('state', 'in', ['planning', 'queued', 'running'])
    .where('kind', '!=', 'group')
    .where((where) => where.or([where('worker', 'is', null), where('lease_until', '<', dbNow)]))
    .where((where) =>
      where.or([
        where('decided_at', '<', dbIn(-unservedMs)),
        where.and([where('decided_at', 'is', null), where('created_at', '<', dbIn(-unservedMs))]),
      ]),
    )
    .execute();
  if (waiting.length === 0) return;
  const workers = await workersSeen(database.rows);
  for (const job of waiting) {
    const seen = workers.find((worker) => worker.cloud === job.cloud);
    // One that has begun changes hands in a moment while somebody lives who can take it.
    if (job.state === 'running' && seen?.alive) continue;
    await database.transaction((rows) =>
      tellOne(rows, job, unserved(job, seen?.lastSeen ?? null, seen?.alive ?? false)),
    );
  }
}

async function tellOne(
  rows: Work,
  job: { id: string; place: string; message_key: string; reply_to: string | null },
  report: Report,
): Promise<void> {
  const marked = await rows
    .updateTable('job')
    .set({ warned: 1 })
    .where('id', '=', job.id)
    .where('warned', '=', 0)
    .executeTakeFirst();
  if (marked.numUpdatedRows !== 1n) return;
  await insertNote(rows, {
    key: `unserved:${job.id}`,
    place: PlaceRow.parse(JSON.parse(job.place)),
    report,
    job: job.id,
    messageKey: job.message_key,
    replyTo: job.reply_to,
  });
}

function unserved(job: { id: string; cloud: string; line: string }, seen: Date | null, alive: boolean): Report {
  const last =
    seen === null ? 'none was ever seen' : `the last was seen ${seen.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const title = alive
    ? `${job.line}: the workers of ${job.cloud} are busy`
    : `${job.line}: no worker serves ${job.cloud}: ${last}`;
  return {
    title,
    tone: 'warn',
    blocks: [{ kind: 'text', text: 'it waits and runs once one does' }],
    replies: [{ label: 'Cancel', line: `cancel ${job.id}` }],
    footer: job.id,
  };
}
