import { type Drift, driftsOf } from '../command/protect/drift.ts';
import { type Protected, type Protections, readProtections } from '../command/protect/look.ts';
import type { Database } from '../mysql/database.ts';
import type { Cloud } from '../openstack/cloud.ts';
import { leaseReader } from './leases.ts';
import { tellDrift, tellUnrecorded } from './watch-told.ts';

interface WatchParts {
  readonly database: Database;
  /** Where flags without a record are told; null: nowhere. */
  readonly operations: string | null;
}

/** Looks at every protection of a cloud and tells what another hand changed: once, until it is well again. Changes nothing. */
export async function watchProtections({ database, operations }: WatchParts, cloud: Cloud): Promise<void> {
  const seen = await readProtections(cloud, leaseReader(database.rows, cloud.name));
  const told = await database.rows.selectFrom('finding').selectAll().where('cloud', '=', cloud.name).execute();
  const known = new Set(told.map(keyOf));
  const now = new Set(seen.all.flatMap(findingsOf).map(keyOf));
  const over = told.filter((finding) => !now.has(keyOf(finding)) && isKnownWell(finding, seen));
  for (const finding of over) await forget(database, finding);
  const fresh = seen.all
    .map((one) => ({ one, drifts: findingsOf(one).filter((finding) => !known.has(keyOf(finding))) }))
    .filter(({ drifts }) => drifts.length > 0)
    .map(({ one, drifts }) => ({ one, drifts: drifts.map(({ what }) => what) }));
  for (const { one, drifts } of fresh) if (one.lease !== null) await tellDrift(database, cloud, one.lease, drifts);
  const nobodys = fresh.flatMap(({ one }) => (one.lease === null ? [one] : []));
  if (nobodys.length > 0 && operations !== null) await tellUnrecorded(database, cloud.name, nobodys, operations);
}

interface Finding {
  readonly subject: string;
  readonly what: Drift;
  /** The job that protected; empty where none did. */
  readonly job: string;
}

function findingsOf(one: Protected): Finding[] {
  return driftsOf(one).map((what) => ({ subject: one.id, what, job: one.lease?.job ?? '' }));
}

function keyOf({ subject, what, job }: { subject: string; what: string; job: string }): string {
  return `${subject} ${what} ${job}`;
}

/** A flag that could not be read this time is not well for that. */
function isKnownWell({ subject }: { subject: string }, { all, unlisted }: Protections): boolean {
  const one = all.find(({ id }) => id === subject);
  if (one === undefined) return unlisted === null;
  return one.gone || (one.unread === null && one.flag !== null);
}

async function forget(
  { rows }: Database,
  { cloud, subject, what, job }: { cloud: string; subject: string; what: string; job: string },
): Promise<void> {
  await rows
    .deleteFrom('finding')
    .where('cloud', '=', cloud)
    .where('subject', '=', subject)
    .where('what', '=', what)
    .where('job', '=', job)
    .execute();
}
