import { randomBytes } from 'node:crypto';
import { refuse } from '../chat/report.ts';
import { nextSlots, wallClock } from '../jobs/cron.ts';
import type { Log } from '../log.ts';
import type { Database, Work } from '../mysql/database.ts';
import type { Opened } from './open-jobs.ts';
import { changed, note, type Schedule } from './schedule-notes.ts';

interface Parts {
  readonly database: Database;
  readonly log: Log;
}

/** A bug at one of its times is told once, with the number under which the log has it; the next time comes as ever. */
export async function tellBroken(
  { database, log }: Parts,
  schedule: Schedule,
  now: Date,
  error: unknown,
): Promise<Opened[]> {
  const trouble = randomBytes(2).toString('hex');
  log.error({ err: error, trouble, schedule: schedule.id }, 'a schedule broke');
  return database.transaction(async (rows) => {
    const next = nextOf(schedule, now);
    if (!(await moveOn(rows, schedule, next))) return [];
    await changed(rows, schedule, { what: 'broke', because: trouble });
    const then =
      next === null ? 'it is paused: its times cannot be read' : `the next is ${wallClock(next, schedule.zone)}`;
    return note(rows, schedule, `broken:${schedule.id}:${trouble}`, {
      ...refuse(
        `schedule ${schedule.id} of ${schedule.human}: something broke, ${trouble}; the log has it under that number`,
        schedule.line,
        `nothing was done; ${then}`,
      ),
      replies: [{ label: 'Remove', line: `schedule remove ${schedule.id}` }],
    });
  });
}

/** Null where its times themselves cannot be read any more. */
function nextOf({ cron, zone }: Schedule, now: Date): Date | null {
  try {
    return nextSlots(cron, zone, now, 1)[0] ?? null;
  } catch {
    return null;
  }
}

async function moveOn(rows: Work, { id, next_at: from }: Schedule, next: Date | null): Promise<boolean> {
  const moved = await rows
    .updateTable('schedule')
    .set({ next_at: next, paused: next === null ? 1 : 0 })
    .where('id', '=', id)
    .where('next_at', from === null ? 'is' : '=', from)
    .where('paused', '=', 0)
    .executeTakeFirst();
  return moved.numUpdatedRows === 1n;
}
