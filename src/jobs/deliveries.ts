import { sql } from 'kysely';
import type { Place } from '../chat/message.ts';
import type { Report } from '../chat/report.ts';
import { type Database, isDuplicate, type Work } from '../mysql/database.ts';
import type { Bells } from './queue.ts';
import { dbNow } from './store.ts';

/** The connection that serves a place: `irc:libera/#ops` is said by `irc:libera`. */
export function connectionOf(placeId: string): string {
  const slash = placeId.indexOf('/');
  return slash === -1 ? placeId : placeId.slice(0, slash);
}

interface Say {
  readonly key: string;
  readonly place: Place;
  readonly report: Report;
  readonly job?: string;
  readonly messageKey?: string;
  readonly to?: string;
  readonly replyTo?: string | null;
}

/** A note is said once, in order. The same key twice is one note. */
export async function insertNote(rows: Work, note: Say): Promise<void> {
  await insertOnce(rows, {
    ...common(note.place),
    delivery_key: note.key,
    kind: note.to === undefined ? 'note' : 'private',
    job: note.job ?? null,
    message_key: note.messageKey ?? null,
    to_account: note.to ?? null,
    reply_to: note.replyTo ?? null,
    report: JSON.stringify(note.report),
  });
}

/** A card shows a job as it is when it is sent: one row per job and place, latest wins. */
export async function insertCard(
  rows: Work,
  card: { job: string; place: Place; replyTo: string | null; messageKey: string | null },
): Promise<void> {
  await insertOnce(rows, {
    ...common(card.place),
    delivery_key: `card:${card.job}:${card.place.id}`.slice(0, 190),
    kind: 'card',
    job: card.job,
    message_key: card.messageKey,
    to_account: null,
    reply_to: card.replyTo,
    report: null,
  });
}

function common(place: Place) {
  return {
    connection: connectionOf(place.id),
    place: JSON.stringify(place),
    place_id: place.id,
    next_at: dbNow,
    created_at: dbNow,
  };
}

async function insertOnce(
  rows: Work,
  row: Parameters<ReturnType<Work['insertInto']>['values']>[0] & object,
): Promise<void> {
  try {
    // The caller built every column; Kysely's own insert type cannot be named here.
    await rows
      .insertInto('delivery')
      .values(row as never)
      .execute();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

/** The job changed: every card of it is to be posted again. */
export async function touchCards(rows: Work, job: string): Promise<void> {
  await rows
    .updateTable('delivery')
    .set({ wanted: sql`wanted + 1`, state: sql`IF(state = 'undeliverable', state, 'waiting')` })
    .where('job', '=', job)
    .where('kind', '=', 'card')
    .execute();
}

/** Wakes the bots that serve the places where a job (or the group it belongs to) is shown. */
export async function ringCards(database: Database, bells: Bells, job: string): Promise<void> {
  const family = await database.rows
    .selectFrom('job')
    .select(['id', 'parent', 'successor', 'revision'])
    .where('id', '=', job)
    .executeTakeFirst();
  if (family === undefined) return;
  const ids = [family.id, family.parent, family.successor].filter((id) => id !== null);
  const found = await database.rows
    .selectFrom('delivery')
    .select('connection')
    .distinct()
    .where('job', 'in', ids)
    .where('state', '=', 'waiting')
    .execute();
  await Promise.all(found.map(({ connection }) => bells.ring(`say-${connection}`, job, `${job}-${family.revision}`)));
}
