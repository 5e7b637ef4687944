import { closedAtMost } from '../command/drain/guards.ts';
import { hostLease } from '../command/drain/host-lease.ts';
import type { Closing } from '../command/plan.ts';
import type { Work } from '../mysql/database.ts';
import { leaseReader } from './leases.ts';

/**
 * Within the transaction that begins a job: claims its host as one of those of a zone that may be closed at once, or returns
 * why it may not be. Closed is what has the lease of a maintenance, and what another running job is about to close.
 */
export async function claimClosing(rows: Work, job: string, closing: Closing): Promise<string | null> {
  const { cloud, zone, host, fellows, most } = closing;
  const name = `zone:${cloud}/${zone}`;
  const claimOf = (one: string) => `${name}/${one}`;
  // Whoever else begins in this zone waits here until we have committed, and sees our claim then.
  await rows.insertInto('claim').values({ what: name, job }).execute();
  const held = await rows
    .selectFrom('claim')
    .select('what')
    .where('what', 'in', [name, ...fellows.map(claimOf)])
    .execute();
  // Leases after claims: a job that ends between the two has left its lease by then.
  const leases = (await leaseReader(rows, cloud).list('host')).filter((one) => hostLease(one)?.detail.kind === 'drain');
  const taken = new Set([...held.map(({ what }) => what), ...leases.map(({ subject }) => claimOf(subject))]);
  const closed = fellows.filter((one) => taken.has(claimOf(one)));
  if (closed.length >= most) return closedAtMost(closing, closed);
  await rows.deleteFrom('claim').where('what', '=', name).execute();
  await rows
    .insertInto('claim')
    .values({ what: claimOf(host), job })
    .execute();
  return null;
}
