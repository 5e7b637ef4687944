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
  /** Only this account shall read it. */
  readonly to?: string;
  /** Of interest to this account alone. */
  readonly aside?: string;
  readonly replyTo?: string | null;
  /** In the thread `replyTo`, and for the whole place to see. */
  readonly headline?: boolean;
}

/** A note is said once, in order. The same key twice is one note. */
export async function insertNote(rows: Work, note: Say): Promise<void> {
  await insertOnce(rows, {
    ...common(note.place),
    delivery_key: note.key,
    kind: kindOf(note),
    job: note.job ?? null,
    message_key: note.messageKey ?? null,
    to_account: note.to ?? note.aside ?? null,
    reply_to: note.replyTo ?? null,
    report: JSON.stringify(note.report),
  });
}

function kindOf({ to, aside, headline }: Say): string {
  if (headline === true) return 'headline';
  return to !== undefined ? 'private' : aside !== undefined ? 'aside' : 'note';
}

/** A card shows a job as it is when it is sent: one row per job and place, latest wins. False: it is there already. */
export async function insertCard(
  rows: Work,
  card: { job: string; place: Place; replyTo: string | null; messageKey: string | null },
): Promise<boolean> {
  return insertOnce(rows, {
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

export async function hasCard(rows: Work, job: string, placeId: string): Promise<boolean> {
  const card = await rows
    .selectFrom('delivery')
    .select('id')
    .where('job', '=', job)
    .where('kind', '=', 'card')
    .where('place_id', '=', placeId)
    .executeTakeFirst();
  return card !== undefined;
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
): Promise<boolean> {
  try {
    // The caller built every column; Kysely's own insert type cannot be named here.
    await rows
      .insertInto('delivery')
      .values(row as never)
      .execute();
    return true;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return false;
  }
}

/** The job changed: every card of it is to be posted again, at once unless its place refused a moment ago. */
export async function touchCards(rows: Work, job: string): Promise<void> {
  await againDue(rows, job)
    .set({ next_at: sql`IF(attempts = 0, LEAST(next_at, ${dbNow}), next_at)` })
    .execute();
}

/** Only how far its steps are: a card that was put off for that stays put off. */
export async function touchProgress(rows: Work, job: string): Promise<void> {
  await againDue(rows, job).execute();
}

function againDue(rows: Work, job: string) {
  return rows
    .updateTable('delivery')
    .set({ wanted: sql`wanted + 1`, state: sql`IF(state = 'undeliverable', state, 'waiting')` })
    .where('job', '=', job)
    .where('kind', '=', 'card');
}

/** Wakes the bot that answers a question where it was asked: nobody else is shown it. */
export async function ringAnswer(bells: Bells, job: { id: string; place: Place; epoch: number }): Promise<void> {
  await bells.ring(`say-${connectionOf(job.place.id)}`, job.id, `${job.id}-answered-${job.epoch}`);
}

/** Wakes the bots that serve the places where a job (or the group it belongs to) is shown. */
export async function ringCards(database: Database, bells: Bells, job: string): Promise<void> {
  const found = await database.rows
    .selectFrom('job')
    .innerJoin('delivery', (join) =>
      join.on((on) => on('delivery.job', 'in', [on.ref('job.id'), on.ref('job.parent'), on.ref('job.successor')])),
    )
    .select(['delivery.connection', 'job.revision'])
    .distinct()
    .where('job.id', '=', job)
    .where('delivery.state', '=', 'waiting')
    .execute();
  await Promise.all(
    found.map(({ connection, revision }) => bells.ring(`say-${connection}`, job, `${job}-${revision}`)),
  );
}
