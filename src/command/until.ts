import { z } from 'zod';

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const longest = 366 * 86_400_000;
const hint = 'type a time from now (90m, 2h, 3d, 1w) or a date (2026-12-01, 2026-12-01T18:00Z)';

/** When something ends, as it was typed; `untilDate` makes a date of it. A bare date means its end, in UTC. */
export const Until = z
  .string()
  .regex(/^(?:\d{1,5}[mhdw]|\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?)$/, hint)
  .refine((typed) => !Number.isNaN(parse(typed, new Date(0)).getTime()), hint);
export type Until = z.output<typeof Until>;

/** The date meant, or one sentence that says what is wrong with it. */
export function untilDate(typed: Until, now: Date): Date | string {
  const date = parse(typed, now);
  if (date <= now) return `--until ${typed} is over already`;
  return date.getTime() - now.getTime() > longest ? `--until ${typed} is more than a year away` : date;
}

function parse(typed: string, now: Date): Date {
  const relative = /^(\d+)([mhdw])$/.exec(typed);
  if (relative !== null)
    return new Date(now.getTime() + Number(relative[1]) * (units[relative[2] ?? ''] ?? Number.NaN));
  if (typed.length === 10) return new Date(`${typed}T23:59:59Z`);
  const zoned = /(?:Z|[+-]\d{2}:\d{2})$/.test(typed) ? typed : `${typed}Z`;
  return new Date(zoned.replace(' ', 'T'));
}
