import { sql } from 'kysely';
import type { Place } from '../chat/message.ts';
import { type Report, text } from '../chat/report.ts';
import type { Database, Work } from '../mysql/database.ts';
import { insertNote } from './deliveries.ts';
import { type Job, jobOf } from './job.ts';
import { dbNow } from './store.ts';

/**
 * A tenth of the time there was, at least five minutes and at most half: that long before it expires people are called
 * once more.
 */
const lead = sql<number>`LEAST(GREATEST(TIMESTAMPDIFF(SECOND, planned_at, until) DIV 10, 300), TIMESTAMPDIFF(SECOND, planned_at, until) DIV 2)`;

/** Says once, in each approval place, that a plan still waits; where the policy names no such place, where it was asked. */
export async function callAgain(database: Database): Promise<void> {
  const waiting = await database.rows
    .selectFrom('job')
    .selectAll()
    .where('state', '=', 'awaiting')
    .where('called', '=', 0)
    .where('until', '>', dbNow)
    .where(sql<boolean>`until - INTERVAL ${lead} SECOND <= ${dbNow}`)
    .limit(100)
    .execute();
  for (const row of waiting) await database.transaction((rows) => call(rows, jobOf(row)));
}

async function call(rows: Work, job: Job): Promise<void> {
  const mine = await rows
    .updateTable('job')
    .set({ called: 1 })
    .where('id', '=', job.id)
    .where('state', '=', 'awaiting')
    .where('called', '=', 0)
    .executeTakeFirst();
  if (mine.numUpdatedRows !== 1n) return;
  const votes = await rows.selectFrom('vote').select('choice').where('job', '=', job.id).execute();
  const yes = votes.filter(({ choice }) => choice === 'yes').length;
  const report = waits(job, Math.max(1, (job.approval?.votes ?? 1) - yes));
  const places = job.approval?.places ?? [];
  for (const place of places.length === 0 ? [job.place] : places.map(channelOf))
    await insertNote(rows, { key: `call:${job.id}:${place.id}`.slice(0, 190), place, report, job: job.id });
}

/** A place that the policy names. */
export function channelOf(id: string): Place {
  return { adapter: id.split(':')[0] ?? id, id, kind: 'channel' };
}

function waits(job: Job, missing: number): Report {
  const expires = job.until === null ? '' : `, expires ${job.until.toISOString().slice(11, 16)} UTC`;
  const calls = job.approval?.call ?? [];
  return {
    title: `${job.id} still waits for ${missing} ${missing === 1 ? 'approval' : 'approvals'}${expires}: ${job.line}`,
    tone: 'warn',
    // No buttons: nobody takes them away from a line, as they are taken from its card.
    blocks: [text('Its card says how to approve or deny it.')],
    ...(calls.length === 0 ? {} : { calls }),
    footer: `${job.cloud} · asked by ${job.human}`,
  };
}
