import { sql } from 'kysely';
import { z } from 'zod';
import { type Place, PlaceRefused, type Receipt } from '../chat/message.ts';
import type { Log } from '../log.ts';
import type { Database } from '../mysql/database.ts';
import { insertNote } from './deliveries.ts';
import { dbIn, dbNow } from './store.ts';

/** Where what is to be said is kept until it was said. */
export interface DueParts {
  readonly database: Database;
  readonly log: Log;
  /** Where people hear that something could not be said; null if the policy names no such place. */
  operations(): Place | null;
}

export type Row = Awaited<ReturnType<typeof due>>[number];

/** What failed so often no longer keeps back what comes after it in its place: some minutes, then order yields. */
const patience = 7;
/** Rows per round. */
export const atOnce = 50;
/** A day of attempts. */
const attemptsAtMost = 1500;

/** Who listens: one person in a place is another one than the place. */
export function earOf({ place_id, to_account }: { place_id: string; to_account: string | null }): string {
  return `${place_id} ${to_account ?? ''}`;
}

interface Saying {
  readonly busy: ReadonlySet<string>;
  readonly underWay: ReadonlyMap<number, unknown>;
}

/** Oldest first, but for what is being said right now, and where there is no room for more. */
export function due(database: Database, connection: string, { busy, underWay }: Saying) {
  return database.rows
    .selectFrom('delivery')
    .selectAll()
    .where('connection', '=', connection)
    .where('state', '=', 'waiting')
    .where('next_at', '<=', dbNow)
    .where('delivery.id', 'not in', [0, ...underWay.keys()])
    .where(sql`CONCAT(place_id, ' ', COALESCE(to_account, ''))`, 'not in', ['', ...busy])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('delivery as before')
            .select('before.id')
            .whereRef('before.place_id', '=', 'delivery.place_id')
            .where(sql<boolean>`\`before\`.to_account <=> delivery.to_account`)
            .whereRef('before.id', '<', 'delivery.id')
            .where('before.connection', '=', connection)
            .where('before.state', '=', 'waiting')
            .where('before.next_at', '>', dbNow)
            .where('before.attempts', '>', 0)
            .where('before.attempts', '<=', patience),
        ),
      ),
    )
    .orderBy('id')
    .limit(atOnce)
    .execute();
}

/** What was said before may be revised; a first post is claimed, so that two bots never both say it. */
export async function isOurs({ database: { rows } }: DueParts, row: Row): Promise<boolean> {
  if (row.handle !== null) return true;
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
export async function done(parts: DueParts, row: Row, receipt: Receipt | null): Promise<void> {
  const { rows } = parts.database;
  const handle = receipt?.handle ?? row.handle;
  const state = sql<string>`IF(wanted = ${row.wanted}, 'done', state)`;
  await rows
    .updateTable('delivery')
    .set({ posted: row.wanted, handle, attempts: 0, problem: null, state })
    .where('id', '=', row.id)
    .execute();
}

/** No failure, nor one any more: it is said later, and what comes after it in its place does not wait. */
export async function putOff({ database }: DueParts, row: Row, ms: number): Promise<void> {
  await database.rows
    .updateTable('delivery')
    .set({ next_at: dbIn(ms), attempts: 0, problem: null })
    .where('id', '=', row.id)
    .execute();
}

/** Tried again with growing pauses; a place that refuses for good ends it, and people hear so elsewhere. */
export async function setBack(parts: DueParts, row: Row, error: unknown): Promise<void> {
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
