import type { Phase, Place, PostOptions, Receipt, Telling } from '../chat/message.ts';
import { Report } from '../chat/report.ts';
import { type CardFacts, cardOf, newsOf, phaseOf } from './card.ts';
import type { Cards } from './card-facts.ts';
import { done, isOurs, type Row } from './due.ts';
import { insertHeadlines } from './headlines.ts';
import { PlaceRow } from './job.ts';
import type { DeliverParts, Voice } from './voice.ts';

type Utterance = () => Promise<void>;

/** What it throws is told where it would be said: those beside it are said all the same. */
export async function prepared(
  parts: DeliverParts,
  voice: Voice,
  row: Row,
  cards: Promise<Cards>,
): Promise<[Row, Utterance]> {
  try {
    return [row, await utterance(parts, voice, row, cards)];
  } catch (error) {
    return [row, () => Promise.reject(error)];
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

/** The job whose card it is, in a list for those that are read together. */
export function cardIn({ kind, job }: Row): string[] {
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
