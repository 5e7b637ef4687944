import type { Place } from '../chat/message.ts';
import type { Report } from '../chat/report.ts';
import { connectionOf, insertNote } from '../jobs/deliveries.ts';
import { PlaceRow } from '../jobs/job.ts';
import { dbNow } from '../jobs/store.ts';
import type { Database, Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import type { Opened } from './open-jobs.ts';

export type Schedule = Awaited<ReturnType<typeof dueSchedules>>[number];

/** Those whose time has come, the longest overdue first. */
export function dueSchedules({ rows }: Database) {
  return rows
    .selectFrom('schedule')
    .selectAll()
    .where('paused', '=', 0)
    .where('next_at', '<=', dbNow)
    .orderBy('next_at')
    .limit(100)
    .execute();
}

/** Said in the schedule's own place, once per key. Returns the bell to ring. */
export async function note(
  rows: Work,
  schedule: Pick<Schedule, 'place'>,
  key: string,
  report: Report,
): Promise<Opened[]> {
  const place = placeOf(schedule);
  await insertNote(rows, { key, place, report });
  return [{ queue: `say-${connectionOf(place.id)}`, id: key, once: key }];
}

export function placeOf(schedule: Pick<Schedule, 'place'>): Place {
  return PlaceRow.parse(JSON.parse(schedule.place));
}

/** A schedule that became another one, or none, stands in the audit. */
export function changed(rows: Work, schedule: Schedule, detail: { what: string; because: string }): Promise<void> {
  const { id, human, account, place_id: place, line } = schedule;
  return audit(rows, { kind: 'schedule', human, account, place, line, detail: { schedule: id, ...detail } });
}
