import { CronExpressionParser } from 'cron-parser';
import { UserError } from '../chat/user-error.ts';

const help = 'type five fields in quotes: minute, hour, day of month, month, day of week, such as "0 7 * * 1-5"';
const names = 'mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';
/** What cron-parser would also take (names for whole lines, hashes that differ per process) is left out. */
const field = new RegExp(`^(?:[\\d*,/?#L-]|${names})+$`, 'i');

/** Five fields that come true some day, spaces put right; or one line that says what to type. */
export function readCron(typed: string): string {
  const fields = typed.trim().split(/\s+/);
  if (fields.length === 6)
    throw new UserError(`cron ${quoted(typed)} has six fields, and seconds are not kept: ${help}`);
  if (fields.length !== 5 || !fields.every((one) => field.test(one)))
    throw new UserError(`cron ${quoted(typed)} is unreadable: ${help}`);
  const cron = fields.join(' ');
  try {
    nextSlots(cron, 'UTC', new Date(), 1);
    return cron;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it never comes';
    throw new UserError(`cron ${quoted(typed)} is unreadable (${why}): ${help}`, { cause });
  }
}

/** The next times after `after`. */
export function nextSlots(cron: string, zone: string, after: Date, limit: number): Date[] {
  return CronExpressionParser.parse(cron, { tz: zone, currentDate: after })
    .take(limit)
    .map((date) => date.toDate());
}

/** The times from `first`, itself one, to `last`; at most `limit`. */
export function slotsFrom(span: { cron: string; zone: string; first: Date; last: Date; limit: number }): Date[] {
  const slots = [span.first];
  const times = CronExpressionParser.parse(span.cron, { tz: span.zone, currentDate: span.first });
  while (slots.length < span.limit) {
    const next = times.next().toDate();
    if (next > span.last) break;
    slots.push(next);
  }
  return slots;
}

export function isSlot(cron: string, zone: string, at: Date): boolean {
  return at.getTime() % 60_000 === 0 && CronExpressionParser.parse(cron, { tz: zone }).includesDate(at);
}

/** `Mon 2026-11-23 07:00 Europe/Paris`. */
export function wallClock(at: Date, zone: string): string {
  const day = new Intl.DateTimeFormat('en', { timeZone: zone, weekday: 'short' }).format(at);
  const date = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(at);
  return `${day} ${date} ${zone}`;
}

function quoted(typed: string): string {
  return JSON.stringify(typed.length > 60 ? `${typed.slice(0, 60)}…` : typed);
}
