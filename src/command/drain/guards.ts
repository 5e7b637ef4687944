import { UserError } from '../../chat/user-error.ts';
import type { Closing, Plan } from '../plan.ts';
import { count, list } from '../words.ts';
import type { DrainWish } from './drain-rows.ts';
import type { Spare } from './spare.ts';
import type { Survey } from './survey.ts';

interface Guarded {
  readonly votes: NonNullable<Plan['votes']>;
  readonly words: readonly string[];
  readonly closing: Closing | null;
}

/** As many hosts of a zone as the policy lets be closed at once. */
function closingOf(
  { service: { host, zone }, fellows, closed }: Survey,
  { cloud, closedPerZone }: DrainWish,
): Closing | null {
  if (closedPerZone === null) return null;
  const closing = { cloud, zone: zone ?? 'unknown', host, fellows: [...fellows], most: closedPerZone };
  if (closed.length >= closedPerZone) throw new UserError(closedAtMost(closing, closed));
  return closing;
}

export function closedAtMost({ zone, host, most }: Closing, closed: readonly string[]): string {
  const are = `${list(closed, 5)} ${closed.length === 1 ? 'is' : 'are'}`;
  return `the policy lets ${count(most, 'host')} of zone ${zone} be closed at once: ${are}; ${host} must wait`;
}

/** What a drain may not do without more people: break N-1 (two agree), pass over guests' own wishes (one more does). */
export function guarded(found: Survey, wish: DrainWish, spares: readonly Spare[]): Guarded {
  const { ignoreWishes, acceptRisk } = wish;
  const { host } = found.service;
  const closing = closingOf(found, wish);
  const broken = spares.filter(({ breaks }) => breaks);
  if (broken.length > 0 && acceptRisk === null) {
    const words = broken.map((one) => one.words).join('; ');
    throw new UserError(
      `without ${host} N-1 is lost: ${words}. \`maintenance ${host} --accept-risk "why"\` asks two people instead`,
    );
  }
  return {
    closing,
    votes: { extra: ignoreWishes === null ? 0 : 1, least: broken.length > 0 ? 2 : 0 },
    words: [
      ...(broken.length > 0 ? [`N-1 is given up: ${acceptRisk}. Two people must agree.`] : []),
      ...(ignoreWishes === null
        ? []
        : [`Guests' own wishes do not bind: ${ignoreWishes}. One more person must agree.`]),
    ],
  };
}
