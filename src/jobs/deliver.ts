import type { Adapter, Phase, Place, PostOptions, Receipt, Telling } from '../chat/message.ts';
import { Later, NotOurs } from '../chat/message.ts';
import { Report } from '../chat/report.ts';
import { type CardFacts, cardOf, newsOf, phaseOf } from './card.ts';
import { type Cards, readCards } from './card-facts.ts';
import { atOnce, type DueParts, done, doneUnsaid, due, earOf, isOurs, putOff, type Row, setBack } from './due.ts';
import { insertHeadlines } from './headlines.ts';
import { PlaceRow } from './job.ts';

export interface DeliverParts extends DueParts {
  readonly adapter: Adapter;
  readonly prefix: string;
  /** Whether this bot is still the one that speaks on the connection; prolongs it where that is due. */
  mayGoOn(): Promise<boolean>;
  /** The same by its own clock, at this very moment: a bot that was frozen must not say what another said meanwhile. */
  mine(): boolean;
}

/** One connection's voice. Lost at a restart, on purpose: the rows tell again what is due. */
export interface Voice {
  /** What each card last showed in its place, so that a chat can say only what changed. */
  readonly shown: Map<string, Shown>;
  /** Where no more can be begun just now, by `earOf`: what comes next there waits, what goes elsewhere does not. */
  readonly busy: Set<string>;
  /** The rows that are being said. */
  readonly underWay: Set<number>;
  /** By place, what is about to begin there: it does in order, whoever it is for. */
  readonly beginning: Map<string, Promise<unknown>>;
  /** There may have been more to say than was begun: to be looked at again when there is room. */
  more: boolean;
  /** There is room again. */
  look(): void;
}

interface Shown {
  readonly report: Report;
  /** What people were told then; another one is news. */
  readonly news: string;
}

export function openVoice(look: () => void = () => undefined): Voice {
  return { shown: new Map(), busy: new Set(), underWay: new Set(), beginning: new Map(), more: false, look };
}

/**
 * Begins to say everything that is due on one connection, oldest first in each place, several places at once. The only
 * thing that posts. Returns the places' turns: when one ends there may be more to say.
 */
export async function deliver(parts: DeliverParts, voice: Voice): Promise<Promise<void>[]> {
  if (!parts.adapter.connected()) return [];
  const ears = new Map<string, Row[]>();
  const rows = await due(parts.database, parts.adapter.connection, voice);
  voice.more = voice.busy.size + voice.underWay.size > 0 || rows.length === atOnce;
  const told = rows.filter((row) => isToldByCard(parts, row));
  for (const row of rows.filter((row) => !told.includes(row)))
    ears.set(earOf(row), [...(ears.get(earOf(row)) ?? []), row]);
  const turns = [...ears].map(([ear, rows]) => {
    voice.busy.add(ear);
    const underWay = new Set<Promise<void>>();
    const begun = begin(parts, voice, { rows, underWay }).finally(() => voice.busy.delete(ear));
    return turn(voice, begun, underWay);
  });
  return told.length === 0 ? turns : [...turns, doneUnsaid(parts, told)];
}

/** Once all have begun, others begin beside them: a short answer does not wait until a long one is through. */
async function turn(voice: Voice, begun: Promise<void>, underWay: ReadonlySet<Promise<void>>): Promise<void> {
  try {
    await begun;
    if (underWay.size > 0 && voice.more) voice.look();
    await Promise.all(underWay);
  } finally {
    await Promise.allSettled(underWay);
  }
}

interface Beginning {
  readonly rows: readonly Row[];
  readonly underWay: Set<Promise<void>>;
}

/**
 * In order; where the chat confirms late, some are under way at once. As many as there is room for are read together,
 * and no more: what is said is as it is then. Ends with the first that fails, or once all have begun and there is room.
 */
async function begin(parts: DeliverParts, voice: Voice, { rows, underWay }: Beginning): Promise<void> {
  const ahead = parts.adapter.ahead ?? 1;
  let goesOn = true;
  for (let at = 0; at < rows.length && goesOn && (await parts.mayGoOn()); ) {
    const next = rows.slice(at, at + ahead - underWay.size);
    at += next.length;
    const cards = readCards(parts.database.rows, next.flatMap(cardIn));
    const ready = Promise.all(next.map((row) => prepared(parts, voice, row, cards)));
    for (const [row, say] of await inOrder(voice, next, ready)) {
      voice.underWay.add(row.id);
      const said = ended(parts, row, say())
        .then((fine) => {
          goesOn &&= fine;
          underWay.delete(said);
        })
        .finally(() => voice.underWay.delete(row.id));
      underWay.add(said);
      said.catch(() => undefined); // told by what waits for all of them
    }
    while (underWay.size > ahead / 2) await Promise.race(underWay);
  }
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

type Utterance = () => Promise<void>;

/** What it throws is told where it would be said: those beside it are said all the same. */
async function prepared(parts: DeliverParts, voice: Voice, row: Row, cards: Promise<Cards>): Promise<[Row, Utterance]> {
  try {
    return [row, await utterance(parts, voice, row, cards)];
  } catch (error) {
    return [row, () => Promise.reject(error)];
  }
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

async function utterance(parts: DeliverParts, voice: Voice, row: Row, cards: Promise<Cards>): Promise<Utterance> {
  const place = placeOf(row);
  const [facts, mine] = await Promise.all([factsOf(row, cards), isOurs(parts, row)]);
  const report = facts === null ? noteOf(row) : cardOf(facts);
  if (report === null) return () => done(parts, row, null);
  if (!mine) return () => Promise.resolve();
  const worded = withPrefix(report, parts.prefix);
  const saying = { row, place, report: worded, telling: tellingOf(parts, voice, { row, facts }) };
  return () => post(parts, voice, saying).then((receipt) => keep(parts, voice, saying, facts, receipt));
}

/** With the thread it is said in. */
function placeOf({ place, reply_to: thread }: Row): Place {
  return { ...PlaceRow.parse(JSON.parse(place)), ...(thread === null ? {} : { thread }) };
}

/** Where nothing said can be changed, a card's change is a line of its own: the answer beside it would be the same again. */
function isToldByCard({ adapter }: DeliverParts, row: Row): boolean {
  return Number(row.beside_card) === 1 && !adapter.able.edit;
}

async function keep(
  parts: DeliverParts,
  voice: Voice,
  { row, place, report }: Saying,
  facts: CardFacts | null,
  receipt: Receipt | null,
): Promise<void> {
  if (receipt === null) return;
  const { shown } = voice;
  const key = row.delivery_key;
  if (facts !== null && shown.get(key)?.news !== newsOf(facts) && parts.adapter.able.threads && row.reply_to !== null) {
    await insertHeadlines(parts.database, facts, { place, thread: row.reply_to });
    voice.more = true;
  }
  if (facts !== null) shown.set(key, { report, news: newsOf(facts) });
  if (shown.size > 1000) shown.delete(shown.keys().next().value ?? '');
  await done(parts, row, receipt);
}

function cardIn({ kind, job }: Row): string[] {
  return kind === 'card' && job !== null ? [job] : [];
}

async function factsOf(row: Row, cards: Promise<Cards>): Promise<CardFacts | null> {
  const [job] = cardIn(row);
  return job === undefined ? null : (await cards)(job);
}

/** Null: the card of a job that is no more. */
function noteOf(row: Row): Report | null {
  return row.kind === 'card' ? null : Report.parse(JSON.parse(row.report ?? 'null'));
}

function tellingOf({ mine }: DeliverParts, { shown }: Voice, { row, facts }: Told): Telling {
  const key = row.delivery_key;
  if (facts === null) return { key, mine, weight: row.message_key === null ? 'news' : 'answer' };
  const phase: Phase | null = phaseOf(facts);
  if (phase === null) return { key, mine, weight: 'answer' };
  return { key, mine, phase, weight: shown.get(key)?.news === newsOf(facts) ? 'progress' : 'news' };
}

interface Told {
  readonly row: Row;
  readonly facts: CardFacts | null;
}

interface Saying {
  readonly row: Row;
  readonly place: Place;
  readonly report: Report;
  readonly telling: Telling;
}

/** A post whose answer was lost is looked for before it is said again, where the chat can tell. Null: another bot says it. */
async function post(parts: DeliverParts, { shown }: Voice, saying: Saying): Promise<Receipt | null> {
  const { adapter } = parts;
  const { row, place, report, telling } = saying;
  const lost =
    row.handle === null && Number(row.tried) === 1 && adapter.able.find
      ? await adapter.find(place, row.delivery_key, row.to_account ?? undefined)
      : null;
  const known: Receipt | null = row.handle === null ? lost : { place, handle: row.handle };
  if (row.handle !== null && row.kind !== 'card') return known;
  if (!parts.mine()) return null;
  if (known !== null) {
    await adapter.revise(known, report, shown.get(row.delivery_key)?.report ?? null, telling);
    return known;
  }
  return adapter.post(place, report, { ...telling, ...addressed(row) });
}

function addressed({ kind, to_account: to, reply_to: replyTo }: Row): Partial<PostOptions> {
  return {
    ...(to === null ? {} : kind === 'aside' ? { aside: to } : { to }),
    ...(replyTo === null ? {} : { replyTo }),
    ...(kind === 'headline' ? { broadcast: true } : {}),
  };
}

/** Lines are kept without the prefix; where they are shown they are shown as one types them. */
export function withPrefix(report: Report, prefix: string): Report {
  if (report.replies === undefined) return report;
  return { ...report, replies: report.replies.map((reply) => ({ ...reply, line: `${prefix}${reply.line}` })) };
}
