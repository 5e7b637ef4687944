import { type Report, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { nextSlots, wallClock } from '../jobs/cron.ts';
import { touchCards } from '../jobs/deliveries.ts';
import { PlaceRow } from '../jobs/job.ts';
import { dbNow, readJob } from '../jobs/store.ts';
import type { Sitting } from './desk.ts';
import { personAt, record, work } from './person.ts';
import { savedLine } from './saved-line.ts';

/** Forgets a saved line; the standing approval it had, or asked for, goes with it. */
export async function removeSchedule(sitting: Sitting, id: string): Promise<Report> {
  const schedule = await touchable(sitting, id);
  const rows = work(sitting);
  await rows.deleteFrom('schedule').where('id', '=', schedule.id).execute();
  if (schedule.bounds_job !== null) await withdraw(sitting, schedule.bounds_job);
  changed(sitting, schedule, 'removed');
  return say(`schedule ${schedule.id} is gone: ${schedule.line}`);
}

/** What has not been approved yet never will be. */
async function withdraw(sitting: Sitting, job: string): Promise<void> {
  const rows = work(sitting);
  await rows
    .updateTable('job')
    .set((set) => ({
      state: 'cancelled',
      reason: 'its schedule was removed',
      ended_at: dbNow,
      worker: null,
      lease_until: null,
      epoch: set('epoch', '+', 1),
    }))
    .where('id', '=', job)
    .where('state', 'in', ['planning', 'awaiting', 'queued'])
    .execute();
  await touchCards(rows, job);
}

export async function pauseSchedule(sitting: Sitting, id: string, on: boolean): Promise<Report> {
  const schedule = await touchable(sitting, id);
  if ((Number(schedule.paused) === 1) === on)
    throw new UserError(`schedule ${schedule.id} is ${on ? 'paused already' : 'not paused'}: ${schedule.line}`);
  const next = on ? null : await resumed(sitting, schedule);
  await work(sitting)
    .updateTable('schedule')
    .set({ paused: on ? 1 : 0, next_at: next })
    .where('id', '=', schedule.id)
    .execute();
  changed(sitting, schedule, on ? 'paused' : 'resumed');
  if (on) return say(`schedule ${schedule.id} is paused: ${schedule.line}`);
  const when = next === null ? 'once its standing approval is given' : `next ${wallClock(next, schedule.zone)}`;
  return say(`schedule ${schedule.id} fires again, ${when}: ${schedule.line}`);
}

type Schedule = Awaited<ReturnType<typeof touchable>>;

/** From now on, never the slots it slept through. */
async function resumed(sitting: Sitting, schedule: Schedule): Promise<Date | null> {
  if (schedule.bounds_job !== null) {
    const asked = await readJob(sitting.rows, schedule.bounds_job);
    // Where it was denied while the schedule was paused, the schedule goes at the next look.
    if (asked?.state !== 'done') return null;
  }
  return nextSlots(schedule.cron, schedule.zone, sitting.message.at, 1)[0] ?? null;
}

/** Its owner may, and whoever might say the line in its place. */
async function touchable(sitting: Sitting, typed: string) {
  const id = typed.toLowerCase().replace(/^#/, '');
  const schedule = await sitting.rows.selectFrom('schedule').selectAll().where('id', '=', id).executeTakeFirst();
  if (schedule === undefined) throw new UserError(`there is no schedule ${id}: type schedule list`);
  const person = personAt(sitting);
  if (person.human === schedule.human) return schedule;
  const place = PlaceRow.parse(JSON.parse(schedule.place));
  const { registry } = sitting;
  const saying = { registry, policy: sitting.policy(), place, account: person.account, text: schedule.line };
  await savedLine(sitting.rows, saying);
  return schedule;
}

function changed(sitting: Sitting, schedule: Schedule, what: string): void {
  record(sitting, { kind: 'schedule', line: schedule.line, detail: { schedule: schedule.id, what } });
}
