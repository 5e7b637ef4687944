import { Later, NotOurs } from '../chat/message.ts';
import { readCards } from './card-facts.ts';
import { atOnce, due, earOf, putOff, type Row, setBack } from './due.ts';
import { cardIn, prepared } from './utterance.ts';
import type { DeliverParts, Voice } from './voice.ts';

/**
 * Begins to say everything that is due on one connection, oldest first in each place, several places at once. The only
 * thing that posts. Returns the places' turns: when one ends there may be more to say.
 */
export async function deliver(parts: DeliverParts, voice: Voice): Promise<Promise<void>[]> {
  if (!parts.adapter.connected()) return [];
  const ears = new Map<string, Row[]>();
  const at = performance.now();
  const found = await due(parts.database, parts.adapter.connection, voice);
  voice.found = found.length;
  voice.more = voice.busy.size + voice.underWay.size > 0 || found.length === atOnce;
  for (const row of voice.asked.inTurn(found, at)) ears.set(earOf(row), [...(ears.get(earOf(row)) ?? []), row]);
  return [...ears].map(([ear, rows]) => turn(parts, voice, { ear, rows, begun: [] }));
}

/** What is due for one ear. */
interface Turn {
  readonly ear: string;
  readonly rows: readonly Row[];
  /** What of it is being said, or was. */
  readonly begun: Promise<unknown>[];
}

/** Once all have begun, others begin beside them: a short answer does not wait until a long one is through. */
async function turn(parts: DeliverParts, voice: Voice, its: Turn): Promise<void> {
  voice.busy.add(its.ear);
  try {
    await begin(parts, voice, its).finally(() => voice.busy.delete(its.ear));
    if (voice.more && underWayTo(voice, its.ear).length > 0) voice.look();
    await Promise.all(its.begun);
  } finally {
    await Promise.allSettled(its.begun);
  }
}

/**
 * In order; where the chat confirms late, some are under way at once. As many as there is room for are read together,
 * and no more: what is said is as it is then. Ends with the first that fails, or once all have begun and there is room.
 */
async function begin(parts: DeliverParts, voice: Voice, { ear, rows, begun }: Turn): Promise<void> {
  const ahead = parts.adapter.ahead ?? 1;
  const underWay = () => underWayTo(voice, ear);
  let goesOn = true;
  const watch = (said: Promise<boolean>) =>
    said.then((fine) => {
      goesOn &&= fine;
    });
  for (const said of underWay()) void watch(said);
  for (let at = 0; at < rows.length && goesOn && (await parts.mayGoOn()); ) {
    const next = rows.slice(at, at + ahead - underWay().length);
    at += next.length;
    const cards = readCards(parts.database.rows, next.flatMap(cardIn));
    const ready = Promise.all(next.map((row) => prepared(parts, voice, row, cards)));
    for (const [row, say] of await inOrder(voice, next, ready)) {
      const said = ended(parts, row, say());
      const fine = said.catch(() => false).finally(() => voice.underWay.delete(row.id));
      answered(voice, row);
      begun.push(said);
      voice.underWay.set(row.id, { ear, fine });
      void watch(fine);
    }
    while (underWay().length > ahead / 2) await Promise.race(underWay());
  }
}

function answered({ asked }: Voice, { message_key: key }: Row): void {
  if (key !== null) asked.answered(key);
}

function underWayTo({ underWay }: Voice, ear: string): Promise<boolean>[] {
  return [...underWay.values()].flatMap((one) => (one.ear === ear ? [one.fine] : []));
}

/** Once those have begun that were due in the same place before. */
async function inOrder<T>({ beginning }: Voice, [first]: readonly Row[], ready: Promise<T>): Promise<T> {
  const place = first?.place_id ?? '';
  const before = beginning.get(place);
  const both = Promise.allSettled([before, ready]);
  beginning.set(place, both);
  void both.then(() => beginning.get(place) === both && beginning.delete(place));
  await before;
  return ready;
}

async function ended(parts: DeliverParts, row: Row, said: Promise<void>): Promise<boolean> {
  try {
    await said;
    return true;
  } catch (error) {
    // Whoever speaks here by now says it, and writes down what became of it.
    if (error instanceof NotOurs) return false;
    if (error instanceof Later) await putOff(parts, row, error.ms);
    else await setBack(parts, row, error);
    return error instanceof Later;
  }
}
