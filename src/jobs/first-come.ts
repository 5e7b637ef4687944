import type { Database } from '../mysql/database.ts';
import { claimAll, unlessHeld } from './claims.ts';
import type { Job } from './job.ts';
import { fence, type Owner } from './store.ts';

/** Jobs that came before: those that hold a host of the cloud, whether they run already or are about to begin. */
export type Before = ReadonlySet<string>;

/**
 * Before its second look a job that is to work on hosts claims what its plan names, and learns which jobs did so before it. It
 * counts on those emptying their hosts, and not on who comes after: two that begin in one instant would else each count on the
 * other's room. Returns what stands in the way where somebody else holds what is claimed.
 */
export async function comeFirst(
  database: Database,
  owner: Owner,
  { cloud, plan }: Pick<Job, 'cloud' | 'plan'>,
): Promise<Before | string> {
  const claims = plan?.claims ?? [];
  if (!claims.some(isHost)) return new Set();
  const turn = `turn:${cloud}`;
  return unlessHeld(
    database.transaction(async (rows) => {
      await fence(rows, owner);
      await claimAll(rows, owner.job, claims);
      // Whoever else comes to this cloud's hosts waits here until we have committed, and sees our claims then.
      await rows.insertInto('claim').values({ what: turn, job: owner.job }).execute();
      const others = await rows
        .selectFrom('claim')
        .innerJoin('job', 'job.id', 'claim.job')
        .select('job.id')
        .distinct()
        .where('claim.what', 'like', 'host:%')
        .where('job.cloud', '=', cloud)
        .where('job.id', '!=', owner.job)
        .execute();
      await rows.deleteFrom('claim').where('what', '=', turn).execute();
      return new Set(others.map(({ id }) => id));
    }),
  );
}

function isHost(claim: string): boolean {
  return claim.startsWith('host:');
}
