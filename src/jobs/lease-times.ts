import { sql } from 'kysely';
import { type Reply, type Report, text } from '../chat/report.ts';
import type { Lease } from '../command/lease.ts';
import { duration, list, moment } from '../command/words.ts';
import { type Database, isUnreachable, type Work } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import { insertNote } from './deliveries.ts';
import { PlaceRow } from './job.ts';
import { held, nameOf } from './lease-words.ts';
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
    .orderBy('until')
    .orderBy('subject')
    .limit(1000)
    .execute();
  if (due.length === 0) return;
  const now = await database.now();
  const broken: unknown[] = [];
  for (const group of together(due))
    await database
      .transaction((rows) => tell(rows, group, isEnded(group[0]) ? over : reminded, now))
      .catch((error: unknown) => {
        if (isUnreachable(error)) throw error;
        broken.push(error);
      });
  if (broken.length > 0) throw broken.length === 1 ? broken[0] : new AggregateError(broken, 'leases could not be told');
}

type Row = Parameters<typeof leaseOf>[0];

type Due = Row & { ended: unknown };

function isEnded(row: Due | undefined): boolean {
  return Number(row?.ended) === 1;
}

/** What one job took is told together: nobody reads two hundred reminders. */
function together(due: readonly Due[]): Due[][] {
  const groups = new Map<string, Due[]>();
  for (const row of due) {
    const key = `${isEnded(row)} ${row.kind} ${row.cloud} ${row.job} ${row.until?.toISOString()}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

async function tell(rows: Work, group: readonly Row[], what: number, now: Date): Promise<void> {
  const mine: Row[] = [];
  for (const row of group) if (await isFirst(rows, row, what)) mine.push(row);
  const [first] = mine;
  if (first === undefined) return;
  const leases = mine.map(leaseOf);
  const ways = await undoOf(rows, mine);
  await insertNote(rows, {
    // A renewed lease is another job's, and is told of anew.
    key: `lease:${what}:${first.job}:${first.cloud}:${first.subject}`.slice(0, 190),
    place: PlaceRow.parse(JSON.parse(first.place)),
    report: what === over ? isOver(leases, ways) : await reminder(rows, first.job, endsSoon(leases, ways, now)),
  });
  const kind = what === over ? 'lease over' : 'lease reminder';
  await audit(
    rows,
    ...leases.map(({ owner: human, job, subject, until, kind: held }) => {
      return { kind, human, job, detail: { kind: held, subject, until: until?.toISOString() ?? null } };
    }),
  );
}

/** Rings for its owner, by the account that asked for it. */
async function reminder(rows: Work, job: string, report: Report): Promise<Report> {
  const asked = await rows.selectFrom('job').select('account').where('id', '=', job).executeTakeFirst();
  return asked === undefined ? report : { ...report, calls: [asked.account] };
}

async function isFirst(rows: Work, { kind, cloud, subject, until }: Row, what: number): Promise<boolean> {
  const mine = await rows
    .updateTable('lease')
    .set({ told: what })
    .where('kind', '=', kind)
    .where('cloud', '=', cloud)
    .where('subject', '=', subject)
    .where('until', '=', until)
    .where('told', '<', what)
    .executeTakeFirst();
  return mine.numUpdatedRows === 1n;
}

/** Lines that a card has room for. */
const mostLines = 5;

/** The line that ends them all, if it ends no other; else one for each, as far as there is room. */
async function undoOf(rows: Work, mine: readonly Row[]): Promise<Reply[]> {
  const [first] = mine;
  if (first === undefined) return [];
  const { kind, cloud, job } = first;
  const at = (line: string) => (line.includes('--cloud') ? line : `${line} --cloud ${cloud}`);
  if (mine.length === 1) return [{ label: 'End it', line: at(first.undo_line) }];
  const all = await rows
    .selectFrom('lease')
    .select('subject')
    .where('job', '=', job)
    .where('cloud', '=', cloud)
    .execute();
  if (kind === 'server' && all.length === mine.length)
    return [{ label: 'End them', line: at(`unprotect --job ${job}`) }];
  return mine.slice(0, mostLines).map((row) => ({ label: `End ${nameOf(leaseOf(row))}`, line: at(row.undo_line) }));
}

function endsSoon(leases: readonly Lease[], replies: readonly Reply[], now: Date): Report {
  const [lease] = leases;
  if (lease === undefined) throw new Error('nothing to remind of');
  const left = (lease.until?.getTime() ?? 0) - now.getTime();
  return {
    title: `${lease.owner}: ${held(leases)} ends in ${duration(left)}, ${until(lease)}`,
    tone: 'warn',
    blocks: [
      text(`reason: ${lease.reason}`),
      ...named(leases),
      text('nothing is undone by itself: end it, or say it again with --until'),
    ],
    replies: [...replies],
    footer: `${lease.cloud} · ${lease.job}`,
  };
}

function isOver(leases: readonly Lease[], replies: readonly Reply[]): Report {
  const [lease] = leases;
  if (lease === undefined) throw new Error('nothing to tell the end of');
  return {
    title: `${held(leases)} was to end ${until(lease)}, and still stands`,
    tone: 'warn',
    blocks: [text(`by ${lease.owner}: ${lease.reason}`), ...named(leases), text('nothing was undone by itself')],
    replies: [...replies],
    footer: `${lease.cloud} · ${lease.job}`,
  };
}

function named(leases: readonly Lease[]): Report['blocks'] {
  return leases.length === 1 ? [] : [text(list(leases.map(nameOf), 10))];
}

function until(lease: Lease): string {
  return lease.until === null ? 'never' : moment(lease.until);
}
