import { UserError } from '../../chat/user-error.ts';
import type { Plan } from '../plan.ts';
import { list } from '../words.ts';
import type { DrainWish } from './drain-rows.ts';
import type { Spare } from './spare.ts';
import type { Survey } from './survey.ts';

interface Guarded {
  readonly votes: NonNullable<Plan['votes']>;
  readonly words: readonly string[];
  /** One of the places of its zone: two drains that are planned at once cannot both take the last one. */
  readonly claims: readonly string[];
}

/** As many hosts of a zone as the policy lets be closed at once. */
function placeIn({ service: { host, zone }, closed }: Survey, { cloud, closedPerZone }: DrainWish): string[] {
  if (closedPerZone === null) return [];
  if (closed.length >= closedPerZone) {
    const most = `${closedPerZone} ${closedPerZone === 1 ? 'host' : 'hosts'}`;
    throw new UserError(
      `the policy lets ${most} of zone ${zone ?? 'unknown'} be closed at once: ${list(closed, 5)} ${closed.length === 1 ? 'is' : 'are'}; ${host} must wait`,
    );
  }
  return [`zone:${cloud}/${zone ?? 'unknown'}/${closed.length + 1}`];
}

/** What a drain may not do without more people: break N-1 (two agree), pass over guests' own wishes (one more does). */
export function guarded(found: Survey, wish: DrainWish, spares: readonly Spare[]): Guarded {
  const { ignoreWishes, acceptRisk } = wish;
  const { host } = found.service;
  const claims = placeIn(found, wish);
  const broken = spares.filter(({ breaks }) => breaks);
  if (broken.length > 0 && acceptRisk === null && found.facts.length > 0) {
    const words = broken.map((one) => one.words).join('; ');
    throw new UserError(
      `without ${host} N-1 is lost: ${words}. \`maintenance ${host} --accept-risk "why"\` asks two people instead`,
    );
  }
  return {
    claims,
    votes: { extra: ignoreWishes === null ? 0 : 1, least: broken.length > 0 ? 2 : 0 },
    words: [
      ...(broken.length > 0 ? [`N-1 is given up: ${acceptRisk}. Two people must agree.`] : []),
      ...(ignoreWishes === null
        ? []
        : [`Guests' own wishes do not bind: ${ignoreWishes}. One more person must agree.`]),
    ],
  };
}
