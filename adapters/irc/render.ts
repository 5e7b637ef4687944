import { clean, widthOf } from '../../src/chat/cells.ts';
import type { Block, Reply, Report, Tone } from '../../src/chat/report.ts';
import { detailsOf, digestOf } from './blocks.ts';

export interface Look {
  /** mIRC colours and bold; off, every line is plain text. */
  readonly colours: boolean;
  /** As in `irc:libera/bob`: who is called here by nick, and who elsewhere. */
  readonly network: string;
  /** Where it is known: the nick that an account has just now. */
  nickOf(account: string): string | null;
}

/** Lines that a report may take where many people read. */
export const summaryLines = 5;

/** All of a report, line by line, for one person. Pure; what steers a client is taken out of all data. */
export function renderWhole(report: Report, look: Look): string[] {
  return [headline(report, look), ...detailsOf(report.blocks), ...closing(report, look)];
}

/**
 * What matters of a report in at most five lines. `rest` says how the others are read, where not all fit:
 * `!more` for what a job said, a private word for the rest.
 */
export function renderSummary(report: Report, look: Look, rest: string, whole = renderWhole(report, look)): string[] {
  if (whole.length <= summaryLines) return whole;
  const end = replied(report.replies ?? []);
  const room = summaryLines - 2 - end.length;
  const told = digestOf(report.blocks).slice(0, room);
  // What counts the steps is no line of theirs.
  const shown = 1 + told.filter((line) => whole.includes(line)).length + end.length + footed(report).length;
  const left = `${whole.length - shown} more lines: ${rest}`;
  return [headline(report, look), ...told, ...end, dim([...footWords(report), left].join(' · '), look)];
}

/** A decision, a question, an end: the new title and what did not stand there before. */
export function renderNews(report: Report, previous: Report | null, look: Look, rest: string): string[] {
  if (previous === null) return renderSummary(report, look, rest);
  const before = new Set(previous.blocks.map((block) => JSON.stringify(block)));
  const offered = new Set((previous.replies ?? []).map(({ line }) => line));
  const called = new Set(previous.calls ?? []);
  const fresh: Report = {
    ...report,
    blocks: report.blocks.filter((block) => !before.has(JSON.stringify(block))),
    replies: (report.replies ?? []).filter(({ line }) => !offered.has(line)),
    calls: (report.calls ?? []).filter((call) => !called.has(call)),
  };
  const replies = fresh.replies ?? [];
  // Begun, going on: the steps are the card's own business, one line is news enough.
  const quiet = fresh.blocks.every(
    (block) => block.kind === 'steps' && !block.steps.some(({ state }) => troubled.has(state)),
  );
  if (quiet && replies.length <= 1 && report.tone === 'plain') {
    const offer = replies.map(({ line }) => `· say ${clean(line)}`);
    return [[headline(fresh, look), ...(offer.length === 0 ? footWords(report) : offer)].join(' ')];
  }
  return renderSummary(fresh, look, rest);
}

/** One line: the title with its counts, and the step that moved. Null where nothing did. */
export function renderProgress(report: Report, previous: Report | null): string | null {
  const before = new Map(stepsOf(previous?.blocks ?? []).map((step) => [step.label, step]));
  const moved = stepsOf(report.blocks).filter(({ label, state, note }) => {
    const was = before.get(label);
    return was?.state !== state || was.note !== note;
  });
  if (moved.length === 0 && report.title === previous?.title) return null;
  const step = moved.find(({ state }) => troubled.has(state)) ?? moved.find(({ state }) => state === 'running');
  const told = step === undefined ? '' : `; ${step.label}${step.state === 'running' ? '' : ` ${step.state}`}`;
  const note = step === undefined || step.note === '' ? '' : `: ${step.note}`;
  return clean(`${report.title}${told}${note}`);
}

const troubled: ReadonlySet<string> = new Set(['failed', 'unproven', 'blocked', 'asking']);

function stepsOf(blocks: readonly Block[]) {
  return blocks.flatMap((block) => (block.kind === 'steps' ? block.steps : []));
}

/** Called people come first: their clients look for their nick. */
function headline(report: Report, look: Look): string {
  const nicks = (report.calls ?? []).flatMap((call) => calledBy(call, look));
  const called = nicks.length === 0 ? '' : `${nicks.join(', ')}: `;
  return called + paint(report.tone, clean(report.title), look);
}

/** A channel is told by the card it gets; only people are called. */
function calledBy(call: string, look: Look): string[] {
  const own = `irc:${look.network}/`;
  if (!call.toLowerCase().startsWith(own.toLowerCase())) return [];
  const nick = clean(look.nickOf(call) ?? call.slice(own.length));
  return /^[^#&\s]+$/.test(nick) ? [nick] : [];
}

function closing(report: Report, look: Look): string[] {
  return [...replied(report.replies ?? []), ...footed(report).map((line) => dim(line, look))];
}

/** Replies are lines that one may type; the label tells what the line alone does not. */
function replied(replies: readonly Reply[]): string[] {
  if (replies.length === 0) return [];
  const lines = replies.map(({ line, label }) => {
    const first = clean(line).replace(/^[^\p{L}\p{N}]+/u, '');
    const obvious = first.toLowerCase().startsWith(clean(label).toLowerCase());
    return obvious ? clean(line) : `${clean(line)} (${clean(label)})`;
  });
  return wrapped(lines, '  say ', ' | ');
}

function footed(report: Report): string[] {
  const words = footWords(report);
  return words.length === 0 ? [] : [words.join(' · ')];
}

function footWords({ footer }: Report): string[] {
  return footer === undefined || footer === '' ? [] : [`-- ${clean(footer)}`];
}

/** Many lines to say are two columns wide at most: what people copy must not be broken. */
function wrapped(parts: readonly string[], start: string, between: string): string[] {
  const line = start + parts.join(between);
  return widthOf(line) <= 300 ? [line] : parts.map((part) => start + part);
}

const colours: Readonly<Record<Tone, string>> = { plain: '', good: '\u000303', warn: '\u000307', bad: '\u000304' };

function paint(tone: Tone, text: string, look: Look): string {
  if (!look.colours || text === '') return text;
  // Bold ends the colour's number, so that a title may begin with a digit.
  return `${colours[tone]}\u0002${text}\u000f`;
}

function dim(text: string, look: Look): string {
  return look.colours ? `\u000314\u0002\u0002${text}\u000f` : text;
}
