import { sql } from 'kysely';
import { z } from 'zod';
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
  /** Whether this bot is still the one that speaks on the connection; prolongs it where that is due. */
  mayGoOn(): Promise<boolean>;
  /** The same by its own clock, at this very moment: a bot that was frozen must not say what another said meanwhile. */
  mine(): boolean;
}

type Row = Awaited<ReturnType<typeof due>>[number];

/** What each place last showed of a card, so that a chat can say only what changed. Lost at a restart, on purpose. */
export type Shown = Map<string, Report>;

/** Says everything that is due on one connection, oldest first. The only thing that posts. */
export async function deliver(parts: DeliverParts, shown: Shown): Promise<number> {
  if (!parts.adapter.connected()) return 0;
  const rows = await due(parts);
  const halted = new Set<string>();
  for (const row of rows) {
    if (halted.has(row.place_id)) continue;
    if (!(await parts.mayGoOn())) return 0;
    try {
      await one(parts, shown, row);
    } catch (error) {
      halted.add(row.place_id);
      await setBack(parts, row, error);
    }
  }
  return rows.length;
}

/** What failed so often no longer keeps back what comes after it in its place: some minutes, then order yields. */
const patience = 7;
/** A day of attempts. */
const attemptsAtMost = 1500;

function due({ database, adapter }: DeliverParts) {
  return database.rows
    .selectFrom('delivery')
    .selectAll()
    .where('connection', '=', adapter.connection)
    .where('state', '=', 'waiting')
    .where('next_at', '<=', dbNow)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('delivery as before')
            .select('before.id')
            .whereRef('before.place_id', '=', 'delivery.place_id')
            .whereRef('before.id', '<', 'delivery.id')
            .where('before.connection', '=', adapter.connection)
            .where('before.state', '=', 'waiting')
            .where('before.next_at', '>', dbNow)
            .where('before.attempts', '>', 0)
            .where('before.attempts', '<=', patience),
        ),
      ),
    )
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
  if (receipt === null) return;
  if (row.kind === 'card') shown.set(row.delivery_key, worded);
  if (shown.size > 1000) shown.delete(shown.keys().next().value ?? '');
  await done(parts, row, receipt);
}

async function cardReport(parts: DeliverParts, row: Row): Promise<Report | null> {
  const facts = row.job === null ? null : await readCard(parts.database.rows, row.job);
  return facts === null ? null : cardOf(facts);
}

/** A post whose answer was lost is looked for before it is said again, where the chat can tell. Null: another bot says it. */
async function post(
  parts: DeliverParts,
  shown: Shown,
  row: Row,
  place: Place,
  report: Report,
): Promise<Receipt | null> {
  const { adapter, database } = parts;
  const lost =
    row.handle === null && Number(row.tried) === 1 && adapter.able.find
      ? await adapter.find(place, row.delivery_key)
      : null;
  const known: Receipt | null = row.handle === null ? lost : { place, handle: row.handle };
  if (known !== null && row.kind !== 'card') return known;
  if (known === null && !(await isStillUnsaid(database, row))) return null;
  if (!parts.mine()) return null;
  if (known !== null) {
    await adapter.revise(known, report, shown.get(row.delivery_key) ?? null);
    return known;
  }
  return adapter.post(place, report, {
    key: row.delivery_key,
    ...(row.to_account === null ? {} : { to: row.to_account }),
    ...(row.reply_to === null ? {} : { replyTo: row.reply_to }),
  });
}

async function isStillUnsaid({ rows }: Database, row: Row): Promise<boolean> {
  const mine = await rows
    .updateTable('delivery')
    .set({ tried: 1 })
    .where('id', '=', row.id)
    .where('state', '=', 'waiting')
    .where('tried', '=', row.tried)
    .where('handle', 'is', null)
    .executeTakeFirst();
  return mine.numUpdatedRows === 1n;
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
  const problem = wordsOf(error);
  log.warn({ err: error, delivery: Number(row.id), place: row.place_id }, 'a delivery failed');
  if (!isForGood(error, row)) {
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

function isForGood(error: unknown, { attempts }: Row): boolean {
  return error instanceof PlaceRefused || isUnreadable(error) || Number(attempts) >= attemptsAtMost;
}

/** What was stored by another version and no longer parses. */
function isUnreadable(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof z.ZodError;
}

function wordsOf(error: unknown): string {
  if (isUnreadable(error)) return 'it was stored by another version of vigie and can no longer be read';
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000);
}

/** Lines are kept without the prefix; where they are shown they are shown as one types them. */
export function withPrefix(report: Report, prefix: string): Report {
  if (report.replies === undefined) return report;
  return { ...report, replies: report.replies.map((reply) => ({ ...reply, line: `${prefix}${reply.line}` })) };
}
