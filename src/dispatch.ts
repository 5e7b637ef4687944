import type { Message } from './chat/message.ts';
import { parseWords } from './chat/parse.ts';
import { type Report, refuse } from './chat/report.ts';
import { UserError } from './chat/user-error.ts';
import type { Registry } from './command/registry.ts';
import { chooseClouds } from './desk/clouds.ts';
import { type DeskParts, deskOf } from './desk/desk.ts';
import { markedLine } from './desk/marks.ts';
import { type Opened, openJobs } from './desk/open-jobs.ts';
import { connectionOf, hasCard, insertNote } from './jobs/deliveries.ts';
import type { Bells } from './jobs/queue.ts';
import { dbNow } from './jobs/store.ts';
import type { Log } from './log.ts';
import { type Database, isDuplicate, type Work } from './mysql/database.ts';
import { audit, type Entry } from './policy/audit.ts';
import { authorize } from './policy/authorize.ts';
import { type Policy, personOf } from './policy/policy.ts';

export interface DispatchParts extends DeskParts {
  readonly database: Database;
  readonly bells: Bells;
  readonly registry: Registry;
  readonly log: Log;
  readonly prefix: string;
  policy(): Policy;
}

type Interpreted = ReturnType<Registry['interpret']>;
type Line = Extract<Interpreted, { ok: true }>;

/** What needs no row is to be said at once. Null: nothing is answered, or only once a worker has done something. */
export type Answer = Report | 'in rows' | null;

/** What is to be done once the transaction is through: bells, and what is to be said. */
interface After {
  readonly rings: readonly Opened[];
  readonly answer: Answer;
}

const nothing: After = { rings: [], answer: null };
/** No effect and for everybody: answered at once, and without a row where the chat tells each message once. */
const rowless = new Set(['help', 'whoami']);
/** What these did is seen on the job's card: their answer is for who said them. */
const shownByCard = new Set(['approve', 'deny', 'answer', 'cancel']);
/** Of these the card says all there is to say. */
const toldByCard = new Set(['vote', 'cancel']);

/**
 * Takes one message, in one transaction: heard, its job or its effect, its answer as a delivery, its audit row. Returns
 * a report only for what writes no row.
 */
export async function dispatch(message: Message, parts: DispatchParts): Promise<Answer> {
  if (message.reaction === undefined) return await takeLine(message, parts);
  const text = await markedLine(message, message.reaction, parts);
  return text === null ? null : await takeLine({ ...message, text }, parts);
}

async function takeLine(message: Message, parts: DispatchParts): Promise<Answer> {
  const parsed = parseWords(message.text, parts.prefix);
  if (parsed.kind === 'none') return null;
  const line = parsed.kind === 'problem' ? null : parts.registry.interpret(parsed);
  const after =
    line?.ok && rowless.has(line.name) && message.retold !== true
      ? await answerUnwritten(message, line, parts)
      : await take(message, parsed, line, parts);
  if (after.rings.length > 0)
    await Promise.all(after.rings.map(({ queue, id, once }) => parts.bells.ring(queue, id, once)));
  return after.answer;
}

async function answerUnwritten(message: Message, line: Line, parts: DispatchParts): Promise<After> {
  const desk = deskOf({ ...parts, rows: parts.database.rows, message, rings: [], entries: [] });
  return { rings: [], answer: line.command.kind === 'control' ? await line.command.run(line.values, desk) : null };
}

type Parsed = ReturnType<typeof parseWords>;

async function take(message: Message, parsed: Parsed, line: Interpreted | null, parts: DispatchParts): Promise<After> {
  try {
    return await parts.database.transaction(async (rows) => {
      await hear(rows, message);
      if (parsed.kind === 'problem') return await answer(rows, message, refuse(parsed.problem), { whom: 'aside' });
      if (line === null || !line.ok)
        return await answer(rows, message, line?.problem ?? refuse('nothing to do'), { whom: 'aside' });
      return rowless.has(line.name)
        ? await control(rows, message, line, parts)
        : await obey(rows, message, line, parts);
    });
  } catch (error) {
    if (error instanceof HeardBefore) return nothing;
    if (error instanceof UserError) return refused(message, error, parts);
    throw error;
  }
}

class HeardBefore extends Error {
  override readonly name = 'HeardBefore';
}

async function hear(rows: Work, message: Message): Promise<void> {
  const { place, key, before } = message;
  const keys = before === undefined ? [key] : [before, key];
  try {
    await rows
      .insertInto('heard')
      .values(keys.map((message_key) => ({ adapter: place.adapter, message_key, at: dbNow })))
      .execute();
  } catch (error) {
    throw isDuplicate(error) ? new HeardBefore() : error;
  }
}

/** What a control command or the choice of a cloud refuses undoes the transaction; the refusal itself is still heard once and said once. */
async function refused(message: Message, error: UserError, parts: DispatchParts): Promise<After> {
  const told = parts.database.transaction(async (rows) => {
    await hear(rows, message);
    await answer(rows, message, refuse(error.message), { whom: 'aside' });
    await audit(rows, {
      ...speaker(message, parts.policy()),
      kind: 'refused',
      line: message.text,
      detail: { because: error.message },
    });
    return ringSay(message);
  });
  return told.catch((again: unknown) => {
    // Another bot heard it too, or our own commit was through and its answer lost: it is told already.
    if (again instanceof HeardBefore) return nothing;
    throw again;
  });
}

async function obey(rows: Work, message: Message, line: Line, parts: DispatchParts): Promise<After> {
  const { command, name } = line;
  const facts = { name, role: command.role, risk: command.risk, kind: command.kind };
  const policy = parts.policy();
  const clouds = command.kind === 'control' ? [null] : await chooseClouds(rows, policy, message.place, line);
  const decisions = clouds.map((cloud) =>
    authorize(policy, { ...message.from, place: message.place.id, command: facts, cloud }),
  );
  for (const decision of decisions) if (decision.verdict === 'refuse') throw new UserError(decision.because);
  if (command.kind === 'control') return await control(rows, message, line, parts);
  const human = decisions[0]?.verdict === 'allow' ? decisions[0].person.human : 'anyone';
  const asked = {
    message,
    line,
    clouds: clouds.flatMap((cloud) => cloud ?? []),
    human,
    account: message.from.account ?? '',
    policyHash: policy.hash,
  };
  const opened = await openJobs(rows, asked);
  await audit(rows, {
    ...speaker(message, policy),
    kind: 'line',
    line: line.line,
    detail: { jobs: opened.map(({ id }) => id) },
  });
  return { rings: opened, answer: null };
}

async function control(rows: Work, message: Message, line: Line, parts: DispatchParts): Promise<After> {
  if (line.command.kind !== 'control') return nothing;
  const rings: Opened[] = [];
  const entries: Entry[] = [];
  const report = await line.command.run(line.values, deskOf({ ...parts, rows, message, rings, entries }));
  const whom = isForAsker(line) ? 'aside' : 'to all';
  const job = entries.find(({ kind }) => toldByCard.has(kind))?.job ?? null;
  const told = job !== null && (await isToldByCard(rows, message, job, parts));
  if (!told) await answer(rows, message, report, { whom });
  if (line.command.risk !== 'read')
    entries.push({ ...speaker(message, parts.policy()), kind: 'line', line: line.line });
  if (entries.length > 0) await audit(rows, ...entries);
  return { rings: [...ringSay(message).rings, ...rings], answer: told ? null : 'in rows' };
}

/** Where nothing said can be changed, a card's change is a line of its own: the answer beside it would be the same again. */
async function isToldByCard(rows: Work, { place }: Message, job: string, parts: DispatchParts): Promise<boolean> {
  const chat = parts.chats?.().find(({ connection }) => connection === connectionOf(place.id));
  return chat?.edits === false && (await hasCard(rows, job, place.id));
}

/** Seen on a card, about the asker, or all of what the place was told in short. */
function isForAsker({ name, values }: Line): boolean {
  if (shownByCard.has(name) || rowless.has(name)) return true;
  return name === 'more' || (name === 'job' && values['what'] !== 'card');
}

interface Answering {
  readonly whom: 'to all' | 'aside';
}

async function answer(rows: Work, message: Message, report: Report, { whom }: Answering): Promise<After> {
  const alone = message.from.account ?? message.from.at ?? null;
  await insertNote(rows, {
    key: `answer:${message.place.adapter}:${message.key}`.slice(0, 190),
    place: message.place,
    report,
    messageKey: message.key,
    replyTo: message.replyTo ?? null,
    ...(whom === 'to all' || alone === null ? {} : { aside: alone }),
  });
  return ringSay(message);
}

function ringSay(message: Message): After {
  return {
    rings: [{ queue: `say-${connectionOf(message.place.id)}`, id: message.place.id, once: `answer-${message.key}` }],
    answer: 'in rows',
  };
}

function speaker(message: Message, policy: Policy) {
  const { account } = message.from;
  return {
    account,
    human: account === null ? null : (personOf(policy, account)?.human ?? null),
    place: message.place.id,
  };
}
