import { sql } from 'kysely';
import { type Report, text } from '../chat/report.ts';
import type { Lease } from '../command/lease.ts';
import { duration, moment } from '../command/words.ts';
import type { Database, Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import { insertNote } from './deliveries.ts';
import { PlaceRow } from './job.ts';
import { leaseOf } from './leases.ts';
import { dbNow } from './store.ts';

/** How far telling has come: the owner was reminded, the place was told that it is over. */
const reminded = 1;
const over = 2;

/** A day before it ends, or a quarter of its time where that is less. */
const lead = sql<number>`LEAST(86400, TIMESTAMPDIFF(SECOND, COALESCE(taken_at, since), until) DIV 4)`;

/** Reminds of what ends soon and tells what is over, each once. Nothing is undone: the line that would is offered. */
export async function remindOfLeases(database: Database): Promise<void> {
  const due = await database.rows
    .selectFrom('lease')
    .selectAll()
    .select((one) => one('until', '<=', dbNow).as('ended'))
    .where('until', 'is not', null)
    .where((where) =>
      where.or([
        where.and([where('told', '<', over), where('until', '<=', dbNow)]),
        where.and([where('told', '<', reminded), sql<boolean>`until - INTERVAL ${lead} SECOND <= ${dbNow}`]),
      ]),
    )
    .limit(100)
    .execute();
  if (due.length === 0) return;
  const now = await database.now();
  for (const row of due)
    await database.transaction((rows) => tell(rows, row, Number(row.ended) === 1 ? over : reminded, now));
}

type Row = Parameters<typeof leaseOf>[0];

async function tell(rows: Work, row: Row, what: number, now: Date): Promise<void> {
  const mine = await rows
    .updateTable('lease')
    .set({ told: what })
    .where('kind', '=', row.kind)
    .where('cloud', '=', row.cloud)
    .where('subject', '=', row.subject)
    .where('until', '=', row.until)
    .where('told', '<', what)
    .executeTakeFirst();
  if (mine.numUpdatedRows !== 1n) return;
  const lease = leaseOf(row);
  const undo = row.undo_line.includes('--cloud') ? row.undo_line : `${row.undo_line} --cloud ${row.cloud}`;
  await insertNote(rows, {
    // A renewed lease is another job's, and is told of anew.
    key: `lease:${what}:${row.job}:${row.cloud}:${row.subject}`.slice(0, 190),
    place: PlaceRow.parse(JSON.parse(row.place)),
    report: what === over ? isOver(lease, undo) : endsSoon(lease, undo, now),
  });
  await audit(rows, {
    kind: what === over ? 'lease over' : 'lease reminder',
    human: lease.owner,
    job: lease.job,
    detail: { kind: lease.kind, subject: lease.subject, until: lease.until?.toISOString() ?? null },
  });
}

function endsSoon(lease: Lease, undo: string, now: Date): Report {
  const left = (lease.until?.getTime() ?? 0) - now.getTime();
  return {
    title: `${lease.owner}: ${held(lease)} ends in ${duration(left)}, ${until(lease)}`,
    tone: 'warn',
    blocks: [
      text(`reason: ${lease.reason}`),
      text('nothing is undone by itself: end it, or say it again with --until'),
    ],
    replies: [{ label: 'End it now', line: undo }],
    footer: `${lease.cloud} · ${lease.job}`,
  };
}

function isOver(lease: Lease, undo: string): Report {
  return {
    title: `${held(lease)} was to end ${until(lease)}, and still stands`,
    tone: 'warn',
    blocks: [text(`by ${lease.owner}: ${lease.reason}`), text('nothing was undone by itself')],
    replies: [{ label: 'End it', line: undo }],
    footer: `${lease.cloud} · ${lease.job}`,
  };
}

function held(lease: Lease): string {
  return lease.kind === 'host' ? `the disabling of host ${lease.subject}` : `the protection of server ${lease.subject}`;
}

function until(lease: Lease): string {
  return lease.until === null ? 'never' : moment(lease.until);
}
