import { alarm, type Found, unrecorded } from '../command/protect/alarm.ts';
import { culprit } from '../command/protect/culprit.ts';
import type { Drift } from '../command/protect/drift.ts';
import type { Protected } from '../command/protect/look.ts';
import type { ServerLease } from '../command/protection.ts';
import type { Database, Work } from '../mysql/database.ts';
import type { Cloud } from '../openstack/cloud.ts';
import { audit } from '../policy/audit.ts';
import { channelOf } from './calls.ts';
import { insertNote } from './deliveries.ts';
import { PlaceRow } from './job.ts';
import { dbNow } from './store.ts';

/** While one of these works on a server, what is seen there is on its way. */
const working = ['protect', 'unprotect'];

/** Tells the place where it was protected, in the transaction that notes it as told: any number of workers may try. */
export async function tellDrift(
  database: Database,
  cloud: Cloud,
  lease: ServerLease,
  drifts: readonly Drift[],
): Promise<void> {
  const id = lease.subject;
  const found: Found[] = [];
  for (const drift of drifts) found.push({ drift, by: await culprit(drift, lease, cloud) });
  await database.transaction(async (rows) => {
    const place = await placeOf(rows, lease);
    if (place === null || (await isWorkedOn(rows, cloud.name, id))) return;
    const first: Found[] = [];
    for (const one of found) {
      const finding = { cloud: cloud.name, subject: id, what: one.drift, job: lease.job };
      if (await isFirst(rows, finding)) first.push(one);
    }
    if (first.length === 0) return;
    const now = await database.now();
    const key = `drift:${cloud.name}:${id}:${now.getTime()}`;
    await insertNote(rows, { key, place, report: alarm(lease, first) });
    const detail = { subject: id, found: first.map(({ drift, by }) => ({ drift, by })) };
    await audit(rows, { kind: 'drift', human: lease.owner, job: lease.job, detail });
  });
}

export async function tellUnrecorded(
  database: Database,
  cloud: string,
  seen: readonly Protected[],
  operations: string,
): Promise<void> {
  await database.transaction(async (rows) => {
    const first: Protected[] = [];
    for (const one of seen) {
      const finding = { cloud, subject: one.id, what: 'no record', job: '' };
      const recorded = await leaseOn(rows, cloud, one.id);
      if (recorded !== undefined || (await isWorkedOn(rows, cloud, one.id))) continue;
      if (await isFirst(rows, finding)) first.push(one);
    }
    if (first.length === 0) return;
    const names = first.map(({ id, server, row }) => `${server?.name ?? row?.name ?? 'unnamed'} (${id.slice(0, 8)})`);
    const now = await database.now();
    const key = `drift:${cloud}:unrecorded:${now.getTime()}`;
    await insertNote(rows, { key, place: channelOf(operations), report: unrecorded(cloud, names) });
    await audit(rows, { kind: 'drift', detail: { subjects: first.map(({ id }) => id), found: 'no record' } });
  });
}

/** Null where it was renewed or ended since it was read. */
async function placeOf(rows: Work, { cloud, subject, job }: ServerLease) {
  const row = await leaseOn(rows, cloud, subject);
  return row === undefined || row.job !== job ? null : PlaceRow.parse(JSON.parse(row.place));
}

function leaseOn(rows: Work, cloud: string, subject: string) {
  return rows
    .selectFrom('lease')
    .select(['job', 'place'])
    .where('kind', '=', 'server')
    .where('cloud', '=', cloud)
    .where('subject', '=', subject)
    .executeTakeFirst();
}

async function isWorkedOn(rows: Work, cloud: string, id: string): Promise<boolean> {
  const holder = await rows
    .selectFrom('claim')
    .innerJoin('job', 'job.id', 'claim.job')
    .select('job.id')
    .where('claim.what', '=', `server:${cloud}/${id}`)
    .where('job.command', 'in', working)
    .executeTakeFirst();
  return holder !== undefined;
}

async function isFirst(
  rows: Work,
  finding: { cloud: string; subject: string; what: string; job: string },
): Promise<boolean> {
  const added = await rows
    .insertInto('finding')
    .ignore()
    .values({ ...finding, told_at: dbNow })
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}
