import { UserError } from '../chat/user-error.ts';
import { didYouMean } from './suggest.ts';

/** A time of day in a time zone, from minute to minute; over midnight where it ends before it begins. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly zone: string;
  readonly words: string;
}

/** `22:00-04:00 Europe/Zurich`; UTC where no zone is named. Null for anything else. */
export function windowOf(text: string): Window | null {
  const parts = /^([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)(?:\s+(\S+))?$/.exec(text.trim());
  if (parts === null) return null;
  const [, fromHour, fromMinute, toHour, toMinute, zone = 'UTC'] = parts;
  if (zoneOf(zone) === null) return null;
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const to = Number(toHour) * 60 + Number(toMinute);
  return from === to ? null : { from, to, zone, words: text.trim() };
}

/** When it opens next; null while it is open. Whoever waits looks again then: clocks change. */
export function opensAt({ from, to, zone }: Window, now: Date): Date | null {
  const minute = minuteOfDay(now, zone);
  const open = from < to ? minute >= from && minute < to : minute >= from || minute < to;
  if (open) return null;
  const wait = (from - minute + 1440) % 1440;
  const sinceMinute = now.getTime() % 60_000;
  return new Date(now.getTime() - sinceMinute + wait * 60_000);
}

/** The zone as the tables of time zones write it, UTC where none was typed; or a `UserError` that names the nearest. */
export function readZone(typed: string | null): string {
  if (typed === null) return 'UTC';
  const zone = zoneOf(typed);
  if (zone !== null) return zone;
  const near = didYouMean(typed, Intl.supportedValuesOf('timeZone'));
  const advice = near === '' ? ': type one such as Europe/Paris, or leave --tz out for UTC' : near;
  throw new UserError(`there is no time zone ${typed}${advice}`);
}

function minuteOfDay(at: Date, zone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return (parts.get('hour') ?? 0) * 60 + (parts.get('minute') ?? 0);
}

function zoneOf(typed: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: typed }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
