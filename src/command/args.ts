import { z } from 'zod';
import { namedCharacter } from '../chat/characters.ts';
import { UserError } from '../chat/user-error.ts';
import { unsendable } from '../openstack/names.ts';
import { durationMs } from './duration.ts';

export { HostName } from '../openstack/names.ts';

/** Words kept with what was done, and sent to Nova: one line that every cloud can store. */
export const Reason = z
  .string()
  .trim()
  .min(1, 'say why in a few words')
  .max(200, 'at most 200 characters')
  .superRefine((reason, context) => {
    const problem = unreadable(reason) ?? unsendable(reason);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
export type Reason = z.output<typeof Reason>;

/** A server as an operator names it: uuid, the beginning of one, or its exact name. `resolveServer` finds it. */
export const ServerReference = z
  .string()
  .trim()
  .min(1, 'a server is named by uuid, its first 4 characters or more, or its exact name')
  .max(255, 'a server’s name has at most 255 characters');

/** Several names in one word, as `silence,masakari`. */
export const Names = z.string().transform((names) => names.split(',').map((name) => name.trim()));

/** The short id that every card and report shows. */
export const JobId = z
  .string()
  .toLowerCase()
  .regex(/^#?[0-9a-z]{4,16}$/, 'a job’s id is the short one on its card, such as 7f3a')
  .transform((id) => id.replace('#', ''))
  .brand<'JobId'>();
export type JobId = z.output<typeof JobId>;

/** When something ends: after a while, at a moment, or the next time the clock (UTC) shows this. */
export type Until =
  | { readonly kind: 'in'; readonly ms: number }
  | { readonly kind: 'at'; readonly date: Date }
  | { readonly kind: 'clock'; readonly hour: number; readonly minute: number };

const untilHelp =
  'type a while (30m, 2h, 3d, 1w), a date (2026-12-01, 2026-12-01T22:00) or the next 22:00; times are UTC';

export const Until = z.string().transform((typed, context): Until => {
  const until = parseUntil(typed.trim());
  if (until !== null) return until;
  context.addIssue({ code: 'custom', message: untilHelp });
  return z.NEVER;
});

const year = 366 * 86_400_000;

/** The moment that is meant, seen from `now`; refuses one that is over and one more than a year away. */
export function untilDate(until: Until, now: Date): Date {
  const date = momentOf(until, now);
  const said = `${date.toISOString().slice(0, 16)}Z`;
  if (date <= now) throw new UserError(`${said} is over already: ${untilHelp}`);
  if (date.getTime() - now.getTime() > year) throw new UserError(`${said} is more than a year away: ${untilHelp}`);
  return date;
}

function momentOf(until: Until, now: Date): Date {
  switch (until.kind) {
    case 'in':
      return new Date(now.getTime() + until.ms);
    case 'at':
      return until.date;
    case 'clock':
      return nextClock(until, now);
  }
}

function nextClock({ hour, minute }: { hour: number; minute: number }, now: Date): Date {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), hour, minute);
  return new Date(today > now.getTime() ? today : today + 86_400_000);
}

function parseUntil(typed: string): Until | null {
  const ms = durationMs(typed);
  if (ms !== null) return ms === 0 ? null : { kind: 'in', ms };
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(typed);
  if (clock !== null) return { kind: 'clock', hour: Number(clock[1]), minute: Number(clock[2]) };
  return parseDate(typed);
}

/** A bare date means that whole day: its end. */
function parseDate(typed: string): Until | null {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::\d{2})?(Z|[+-]\d{2}:\d{2})?)?$/.exec(typed);
  if (parts === null) return null;
  const [, day = '', time = '23:59', zone = 'Z'] = parts;
  const date = new Date(`${day}T${time}:00${zone}`);
  const exists = !Number.isNaN(date.getTime()) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  return exists ? { kind: 'at', date } : null;
}

function unreadable(reason: string): string | null {
  const found = namedCharacter(reason);
  return found === null ? null : `it holds ${found.name}: leave it out`;
}
