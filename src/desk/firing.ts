import { type Report, refuse, text } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { nextSlots, slotsFrom, wallClock } from '../jobs/cron.ts';
import { slotKey } from '../jobs/standing.ts';
import { readJob } from '../jobs/store.ts';
import type { Log } from '../log.ts';
import { type Database, isDuplicate, isUnreachable, type Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import { personOf } from '../policy/policy.ts';
import { tellBroken } from './broken-schedule.ts';
import { type DeskParts, deskOf } from './desk.ts';
import { type Opened, openJobs } from './open-jobs.ts';
import { RightsLost, savedLine } from './saved-line.ts';
import { changed, dueSchedules, note, placeOf, type Schedule } from './schedule-notes.ts';

/** A slot that is over for longer was missed: it is told, not run. */
const lateMs = 60_000;
const countedSlots = 1000;

export type FiringParts = DeskParts & { readonly log: Log };

/**
 * Says every saved line whose time has come: once per slot, however many bots look and whatever restarts, because the
 * slot moves on by compare-and-set in the transaction that opens its job. Returns the bells to ring.
 */
export async function fireSchedules(parts: FiringParts): Promise<Opened[]> {
  const rings: Opened[] = [];
  const lost: unknown[] = [];
  const kept = (going: Promise<Opened[]>) =>
    going.then((opened) => rings.push(...opened)).catch((error: unknown) => lost.push(error));
  for (const one of await decidedSchedules(parts.database)) await kept(settled(parts, one));
  for (const one of await dueSchedules(parts.database)) await kept(tried(parts, one, pass));
  if (rings.length === 0 && lost.length > 0) throw new AggregateError(lost, 'schedules could not fire');
  return rings;
}

type Passing = (rows: Work, parts: DeskParts, schedule: Schedule, now: Date) => Promise<Opened[]>;

/** In one transaction; a bug is told. */
async function tried(parts: FiringParts, schedule: Schedule, passing: Passing): Promise<Opened[]> {
  const now = await parts.database.now();
  try {
    return await parts.database.transaction((rows) => passing(rows, parts, schedule, now));
  } catch (error) {
    // A database that is away comes back within the minute; a bug does not.
    if (isUnreachable(error)) throw error;
    return tellBroken(parts, schedule, now, error);
  }
}

async function pass(rows: Work, parts: DeskParts, schedule: Schedule, now: Date): Promise<Opened[]> {
  if (schedule.next_at === null || !(await moveOn(rows, schedule, schedule.next_at, now))) return [];
  const { cron, zone, next_at: first } = schedule;
  const slots = slotsFrom({ cron, zone, first, last: now, limit: countedSlots });
  const last = slots.at(-1);
  const fires = last !== undefined && now.getTime() - last.getTime() <= lateMs ? last : null;
  const missed = slots.length - (fires === null ? 0 : 1);
  const said = missed === 0 ? [] : await tellMissed(rows, schedule, missed, now);
  const opened = fires === null ? [] : await fire(rows, parts, schedule, fires);
  return [...said, ...opened];
}

async function moveOn(rows: Work, schedule: Schedule, from: Date, now: Date): Promise<boolean> {
  const moved = await rows
    .updateTable('schedule')
    .set({ next_at: nextSlots(schedule.cron, schedule.zone, now, 1)[0] ?? null })
    .where('id', '=', schedule.id)
    .where('next_at', '=', from)
    .where('paused', '=', 0)
    .executeTakeFirst();
  return moved.numUpdatedRows === 1n;
}

async function tellMissed(rows: Work, schedule: Schedule, missed: number, now: Date): Promise<Opened[]> {
  const since = schedule.next_at ?? now;
  const many = missed >= countedSlots ? `at least ${countedSlots}` : String(missed);
  const next = nextSlots(schedule.cron, schedule.zone, now, 1)[0];
  const times = missed === 1 ? 'one time' : `${many} times`;
  const when = wallClock(since, schedule.zone);
  return note(rows, schedule, `missed:${schedule.id}:${since.toISOString()}`, {
    title: `schedule ${schedule.id} missed ${times}${missed === 1 ? `, ${when}` : ` since ${when}`}: ${schedule.line}`,
    tone: 'warn',
    blocks: [text(`nobody was awake; the next is ${next === undefined ? 'never' : wallClock(next, schedule.zone)}`)],
    replies: [{ label: 'Do it now', line: schedule.line }],
  });
}

async function fire(rows: Work, parts: DeskParts, schedule: Schedule, slot: Date): Promise<Opened[]> {
  if (!(await takeSlot(rows, schedule.id, slot))) return [];
  const over = await endOf(rows, schedule);
  if (over !== null && slot > over)
    return stop(rows, schedule, slot, `its standing approval ended ${over.toISOString().slice(0, 10)}`);
  try {
    return await speak(rows, parts, schedule, slot);
  } catch (error) {
    if (error instanceof RightsLost) return stop(rows, schedule, slot, error.message);
    if (!(error instanceof UserError)) throw error;
    const report = refuse(`schedule ${schedule.id} said nothing: ${error.message}`, schedule.line);
    return note(rows, schedule, slotKey(schedule.id, slot), report);
  }
}

/** The same slot a second time (a clock set back, a paused schedule resumed) is nobody's. */
async function takeSlot(rows: Work, schedule: string, slot: Date): Promise<boolean> {
  try {
    await rows.insertInto('slot').values({ schedule, slot, job: null }).execute();
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

async function endOf(rows: Work, schedule: Schedule): Promise<Date | null> {
  if (schedule.bounds_job === null) return null;
  const asked = await readJob(rows, schedule.bounds_job);
  return asked?.standing == null ? null : new Date(asked.standing.until);
}

/** As if its owner said it now: by the rights of now, read by the commands of now. */
async function speak(rows: Work, parts: DeskParts, schedule: Schedule, slot: Date): Promise<Opened[]> {
  const { id, human, account } = schedule;
  const place = placeOf(schedule);
  const policy = parts.policy();
  if (personOf(policy, account)?.human !== human)
    throw new RightsLost(`the policy no longer knows ${human} by ${account}`);
  const saying = { registry: parts.registry, policy, place, account, text: schedule.line };
  const { line, clouds } = await savedLine(rows, saying);
  const message = { key: slotKey(id, slot), place, from: { account, name: human }, text: line.line, at: slot };
  const entry = { kind: 'fired', human, account, place: place.id, line: line.line };
  if (line.command.kind === 'control') {
    const sitting = { ...parts, rows, message, rings: [], entries: [] };
    const report = await line.command.run(line.values, deskOf(sitting));
    const said = await note(rows, schedule, message.key, report);
    await audit(rows, ...sitting.entries, { ...entry, detail: { schedule: id } });
    return [...sitting.rings, ...said];
  }
  if (line.command.kind === 'change' && schedule.bounds_job === null)
    throw new UserError(`${line.name} changes something, and nobody approved that it does so by itself`);
  const opened = await openJobs(rows, { message, line, clouds, human, account, policyHash: policy.hash, schedule: id });
  const [first] = opened;
  await rows
    .updateTable('slot')
    .set({ job: first?.id ?? null })
    .where('schedule', '=', id)
    .where('slot', '=', slot)
    .execute();
  await audit(rows, { ...entry, job: first?.id ?? null, detail: { schedule: id, jobs: opened.map((one) => one.id) } });
  return opened;
}

/** It would go wrong every time: told once, and no more until a person says so. */
async function stop(rows: Work, schedule: Schedule, slot: Date, because: string): Promise<Opened[]> {
  await rows.updateTable('schedule').set({ paused: 1, next_at: null }).where('id', '=', schedule.id).execute();
  const report: Report = {
    ...refuse(`schedule ${schedule.id} of ${schedule.human} is paused, and said nothing: ${because}`, schedule.line),
    replies: [
      { label: 'Resume', line: `schedule pause ${schedule.id} --off` },
      { label: 'Remove', line: `schedule remove ${schedule.id}` },
    ],
  };
  const said = await note(rows, schedule, slotKey(schedule.id, slot), report);
  await changed(rows, schedule, { what: 'paused', because });
  return said;
}

/** Whose standing approval was decided, and nothing done about it yet. */
function decidedSchedules({ rows }: Database) {
  return rows
    .selectFrom('schedule')
    .innerJoin('job', 'job.id', 'schedule.bounds_job')
    .selectAll('schedule')
    .select('job.state')
    .where('schedule.paused', '=', 0)
    .where('schedule.next_at', 'is', null)
    .where('job.ended_at', 'is not', null)
    .execute();
}

type Decided = Awaited<ReturnType<typeof decidedSchedules>>[number];

/** A standing approval that was given starts its schedule; where it was denied or expired the schedule goes: the card says why. */
async function settled(parts: FiringParts, one: Decided): Promise<Opened[]> {
  if (one.state === 'done') return tried(parts, one, arm);
  await parts.database.transaction((rows) => forget(rows, one, one.state));
  return [];
}

async function arm(rows: Work, _parts: DeskParts, { id, cron, zone }: Schedule, now: Date): Promise<Opened[]> {
  await rows
    .updateTable('schedule')
    .set({ next_at: nextSlots(cron, zone, now, 1)[0] ?? null })
    .where('id', '=', id)
    .where('next_at', 'is', null)
    .where('paused', '=', 0)
    .execute();
  return [];
}

async function forget(rows: Work, schedule: Schedule, because: string): Promise<void> {
  const gone = await rows.deleteFrom('schedule').where('id', '=', schedule.id).executeTakeFirst();
  if (gone.numDeletedRows !== 1n) return;
  await changed(rows, schedule, { what: 'gone', because: `its standing approval is ${because}` });
}
