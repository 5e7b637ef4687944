import type { Server } from '../../openstack/cloud.ts';

/** What a guest's owner asks for by its metadata: `vigie:move` and `vigie:window`. */
export interface Wish {
  readonly move: 'live' | 'cold' | 'stop' | 'never' | null;
  readonly window: Window | null;
  /** The policy lists the project: what is asked for is done. Else it is only shown. */
  readonly binds: boolean;
  /** As they stand in the metadata. */
  readonly words: string;
}

/** A time of day in a time zone, from minute to minute; over midnight where it ends before it begins. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly zone: string;
  readonly words: string;
}

const moves = ['live', 'cold', 'stop', 'never'] as const;

export function wishOf({ metadata }: Pick<Server, 'metadata'>, binds: boolean): Wish | null {
  const { 'vigie:move': move, 'vigie:window': window } = metadata;
  if (move === undefined && window === undefined) return null;
  const known = moves.find((one) => one === move?.trim().toLowerCase()) ?? null;
  const parsed = window === undefined ? null : windowOf(window);
  const words = [
    move === undefined ? '' : `vigie:move = ${move}${known === null ? ' (not understood)' : ''}`,
    window === undefined ? '' : `vigie:window = ${window}${parsed === null ? ' (not understood)' : ''}`,
  ];
  return { move: known, window: parsed, binds, words: words.filter((part) => part !== '').join(', ') };
}

/** `22:00-04:00 Europe/Zurich`; UTC where no zone is named. Null for anything else. */
export function windowOf(text: string): Window | null {
  const parts = /^([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)(?:\s+(\S+))?$/.exec(text.trim());
  if (parts === null) return null;
  const [, fromHour, fromMinute, toHour, toMinute, zone = 'UTC'] = parts;
  if (!isZone(zone)) return null;
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

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
