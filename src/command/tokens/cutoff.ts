import { z } from 'zod';
import { UserError } from '../../chat/user-error.ts';
import { durationMs, spokenDuration } from '../duration.ts';
import { moment } from '../words.ts';

/** Services check tokens of long jobs again after they expired: Keystone lets them for 48 h (allow_expired_window). */
export const floorMs = 48 * 3_600_000;

const help = 'type how long ago (7d, 72h) or a date (2026-11-01, 2026-11-01T12:00); times are UTC';

/** When a token must have expired to go: so long ago, or before that moment. */
export const Before = z.string().transform((typed, context): { ago: number } | { at: Date } => {
  const ms = durationMs(typed.trim());
  if (ms !== null && ms > 0) return { ago: ms };
  const at = dateOf(typed.trim());
  if (at !== null) return { at };
  context.addIssue({ code: 'custom', message: help });
  return z.NEVER;
});
export type Before = z.output<typeof Before>;

/** How long rows are kept in any case. */
interface Floor {
  readonly ms: number;
  readonly why: string;
}

const tokenFloor: Floor = {
  ms: floorMs,
  why: `for ${spokenDuration(floorMs)} after they expired services may check tokens of long jobs again`,
};

/** Keystone's `[revoke] expiration_buffer`. */
const bufferMs = 1800_000;

/** Keystone itself prunes revocations once a token's lifetime and the buffer are over; here they stay twice as long. */
export function revocationFloor(lifetimeMs: number): Floor {
  return {
    ms: Math.max(floorMs, 2 * (lifetimeMs + bufferMs)),
    why: `tokens live ${spokenDuration(lifetimeMs)} here, and what revokes them stays more than twice as long`,
  };
}

/** Never later than the floor, whatever was typed. */
export function cutoffOf(before: Before | undefined, now: Date, floor = tokenFloor): Date {
  const latest = new Date(now.getTime() - floor.ms);
  if (before === undefined) return latest;
  const cutoff = 'at' in before ? before.at : new Date(now.getTime() - before.ago);
  if (cutoff <= latest) return cutoff;
  throw new UserError(`--before is at most ${moment(latest)}: ${floor.why}`);
}

/** As MySQL writes a moment: Keystone's are naive UTC. */
export function naiveUtc(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

function dateOf(typed: string): Date | null {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?Z?$/.exec(typed);
  if (parts === null) return null;
  const [, day = '', time = '00:00'] = parts;
  const date = new Date(`${day}T${time}:00Z`);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
  return exists ? date : null;
}
