import { type Until, untilDate } from '../args.ts';
import type { PlanContext } from '../command.ts';

/** Until when a host stays closed: as it was said, or the policy's usual time; null is for ever. */
export function hostEnd(until: Until | undefined, { now, leaseMs }: PlanContext): Date | null {
  if (until !== undefined) return untilDate(until, now);
  const usual = leaseMs('host');
  return usual === null ? null : new Date(now.getTime() + usual);
}
