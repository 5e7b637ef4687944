import { sql } from 'kysely';
import type { Adapter, Place, Receipt } from '../chat/message.ts';
import { PlaceRefused } from '../chat/message.ts';
import { Report } from '../chat/report.ts';
import type { Log } from '../log.ts';
import type { Database } from '../mysql/database.ts';
import { cardOf } from './card.ts';
import { readCard } from './card-facts.ts';
import { insertNote } from './deliveries.ts';
import { PlaceRow } from './job.ts';
import { dbIn, dbNow } from './store.ts';

export interface DeliverParts {
  readonly database: Database;
  readonly adapter: Adapter;
  readonly log: Log;
  readonly prefix: string;
  /** Where people hear that something could not be said; null if the policy names no such place. */
  operations(): Place | null;
}

type Row = Awaited<ReturnType<typeof due>>[number];

/** What each place last showed of a card, so that a chat can say only what changed. Lost at a restart, on purpose. */
export type Shown = Map<string, Report>;

/** Says everything that is due on one connection, oldest first. The only thing that posts. */
export async function deliver(parts: DeliverParts, shown: Shown): Promise<number> {
  if (!parts.adapter.connected()) return 0;
  const rows = await due(parts);
  for (const row of rows) {
    try {
      await one(parts, shown, row);
    } catch (error) {
      await setBack(parts, row, error);
    }
  }
  return rows.length;
}

function due({ database, adapter }: DeliverParts) {
  return database.rows
    .selectFrom('delivery')
    .selectAll()
    .where('connection', '=', adapter.connection)
    .where('state', '=', 'waiting')
    .where('next_at', '<=', dbNow)
    .orderBy('id')
    .limit(50)
    .execute();
}

async function one(parts: DeliverParts, shown: Shown, row: Row): Promise<void> {
  const place = PlaceRow.parse(JSON.parse(row.place));
  const report = row.kind === 'card' ? await cardReport(parts, row) : Report.parse(JSON.parse(row.report ?? 'null'));
  if (report === null) return done(parts, row, null);
  const worded = withPrefix(report, parts.prefix);
  const receipt = await post(parts, shown, row, place, worded);
  shown.set(row.delivery_key, worded);
  if (shown.size > 1000) shown.delete(shown.keys().next().value ?? '');
  await done(parts, row, receipt);
}

async function cardReport(parts: DeliverParts, row: Row): Promise<Report | null> {
  const facts = row.job === null ? null : await readCard(parts.database.rows, row.job);
  return facts === null ? null : cardOf(facts);
}

/** A post whose answer was lost is looked for before it is said again, where the chat can tell. */
async function post(parts: DeliverParts, shown: Shown, row: Row, place: Place, report: Report): Promise<Receipt> {
  const { adapter, database } = parts;
  const lost =
    row.handle === null && Number(row.tried) === 1 && adapter.able.find
      ? await adapter.find(place, row.delivery_key)
      : null;
  const known: Receipt | null = row.handle === null ? lost : { place, handle: row.handle };
  if (known !== null && row.kind !== 'card') return known;
  if (known !== null) {
    await adapter.revise(known, report, shown.get(row.delivery_key) ?? null);
    return known;
  }
  await database.rows.updateTable('delivery').set({ tried: 1 }).where('id', '=', row.id).execute();
  return adapter.post(place, report, {
    key: row.delivery_key,
    ...(row.to_account === null ? {} : { to: row.to_account }),
    ...(row.reply_to === null ? {} : { replyTo: row.reply_to }),
  });
}

/** `wanted` as it was read: a card that changed meanwhile stays due. */
async function done(parts: DeliverParts, row: Row, receipt: Receipt | null): Promise<void> {
  const { rows } = parts.database;
  const handle = receipt?.handle ?? row.handle;
  const state = sql<string>`IF(wanted = ${row.wanted}, 'done', state)`;
  await rows
    .updateTable('delivery')
    .set({ posted: row.wanted, handle, attempts: 0, problem: null, state })
    .where('id', '=', row.id)
    .execute();
}

/** Tried again with growing pauses; a place that refuses for good ends it, and people hear so elsewhere. */
async function setBack(parts: DeliverParts, row: Row, error: unknown): Promise<void> {
  const { database, log } = parts;
  const problem = error instanceof Error ? error.message : String(error);
  log.warn({ err: error, delivery: Number(row.id), place: row.place_id }, 'a delivery failed');
  if (!(error instanceof PlaceRefused)) {
    const pause = Math.min(1000 * 2 ** Number(row.attempts), 60_000);
    await database.rows
      .updateTable('delivery')
      .set({ attempts: Number(row.attempts) + 1, next_at: dbIn(pause), problem })
      .where('id', '=', row.id)
      .execute();
    return;
  }
  const place = parts.operations();
  await database.transaction(async (rows) => {
    await rows.updateTable('delivery').set({ state: 'undeliverable', problem }).where('id', '=', row.id).execute();
    if (place === null || place.id === row.place_id) return;
    const said = row.job === null ? 'an answer' : `the card of ${row.job}`;
    await insertNote(rows, {
      key: `undeliverable:${row.id}`,
      place,
      report: { title: `${said} could not be said in ${row.place_id}: ${problem}`, tone: 'warn', blocks: [] },
    });
  });
}

/** Lines are kept without the prefix; where they are shown they are shown as one types them. */
export function withPrefix(report: Report, prefix: string): Report {
  if (report.replies === undefined) return report;
  return { ...report, replies: report.replies.map((reply) => ({ ...reply, line: `${prefix}${reply.line}` })) };
}
