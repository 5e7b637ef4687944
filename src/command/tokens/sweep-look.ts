import { UserError } from '../../chat/user-error.ts';
import type { SweptTable, TokenSurvey, TokenTable } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { type Before, cutoffOf, naiveUtc, revocationFloor } from './cutoff.ts';

/** What a sweep of a table would meet. */
export interface Met extends Pick<TokenSurvey, 'galera' | 'replicas'> {
  readonly cutoff: Date;
  /** Rows in all: counted, or as the server estimates them. */
  readonly all: number;
  readonly dataBytes: number;
  /** Rows older than the cut-off; null where nobody counted them. */
  readonly old: number | null;
  /** An index on the rows' age. */
  readonly index: string | null;
}

const countMs = 20_000;

export function lookAt(table: SweptTable, before: Before | undefined, context: PlanContext): Promise<Met> {
  return table === 'token' ? lookAtTokens(before, context) : lookAtRevocations(before, context);
}

async function lookAtTokens(before: Before | undefined, { cloud, now, signal }: PlanContext): Promise<Met> {
  const cutoff = cutoffOf(before, now);
  const limits = { signal, limitMs: countMs };
  const tokens = await cloud.databases.tokens({ ...limits, fullScan: false });
  if (!tokens.exists)
    throw new UserError(`Keystone of ${cloud.name} has no token table: tokens advise says what grows`);
  const { expired, expiresIndex, galera, replicas } = await cloud.databases.tokenSurvey(naiveUtc(cutoff), limits);
  const { dataBytes } = tokens;
  return { cutoff, all: allRows(tokens), dataBytes, old: expired, index: expiresIndex, galera, replicas };
}

function allRows({ counts, estimate }: TokenTable): number {
  return counts === null ? estimate : counts.live + counts.expired + (counts.revoked ?? 0);
}

/** Keystone prunes by the same moment, and twice as soon: whatever these revoked has expired by itself since. */
async function lookAtRevocations(before: Before | undefined, { cloud, now, signal }: PlanContext): Promise<Met> {
  const { databases } = cloud;
  const lifetimeMs = await databases.tokenLifetimeMs();
  if (lifetimeMs === null)
    throw new UserError(
      `how long a token of ${cloud.name} lives could not be seen from our own: nothing tells which revocations are still needed`,
    );
  const cutoff = cutoffOf(before, now, revocationFloor(lifetimeMs));
  const survey = await databases.revocationSurvey(naiveUtc(cutoff), { signal, limitMs: countMs });
  if (survey === null)
    throw new UserError(`Keystone of ${cloud.name} has no table revocation_event: tokens advise says what grows`);
  const { old, index, rows, dataBytes, galera, replicas } = survey;
  if (index === null)
    throw new UserError(
      `revocation_event of ${cloud.name} has no index on revoked_at, which Keystone's own migrations make: look at it first`,
    );
  return { cutoff, all: Math.max(rows, old ?? 0), dataBytes, old, index, galera, replicas };
}
