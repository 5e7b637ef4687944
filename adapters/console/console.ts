import { randomBytes } from 'node:crypto';
import type { Adapter, Message, Place, PostOptions, Receipt } from '../../src/chat/message.ts';
import { NotTaken } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import { changesOf } from './changes.ts';
import { type Look, renderReport } from './render.ts';
import { openTerminal, ownStreams, type TerminalStreams } from './terminal.ts';

export interface ConsoleOptions extends Partial<TerminalStreams> {
  /** The place's id: `console:local`. */
  readonly place: string;
  /** `console:<os user>`, or the user alone. */
  readonly account: string;
  /** Shown, never decides. The default is the account's own part. */
  readonly name?: string;
  /** `as bob: !approve` speaks as console:bob. Only the demo passes true: elsewhere a person is an account. */
  readonly speakers: boolean;
  readonly prefix?: string;
  readonly colour?: boolean;
  now?(): number;
  /** Resolves when everything this message asked for was answered; lines from a pipe wait for each other by it. */
  answered?(key: string): Promise<void>;
  /** Ctrl-C where somebody types; the default is what it means elsewhere. */
  interrupted?(): void;
}

export interface Console extends Adapter {
  /** The input has ended and its last line is answered. */
  readonly ended: Promise<void>;
}

const progressEvery = 10_000;

export function createConsole(options: ConsoleOptions): Console {
  const { place: id, prefix = '!' } = options;
  const account = accountOf(options.account);
  const streams = { ...ownStreams(), ...options };
  const { tty, output } = streams;
  const look = (): Look => ({
    width: tty ? columnsOf(output.columns) : Number.POSITIVE_INFINITY,
    colour: options.colour ?? tty,
  });
  const run = randomBytes(4).toString('hex');
  const place: Place = { adapter: 'console', id, kind: 'channel' };
  const cards = openCards(options.now ?? Date.now, look);
  let said = 0;
  let hear: (message: Message) => Promise<void> = async () => undefined;
  const terminal = openTerminal(streams, { line: say, interrupted: options.interrupted ?? interruptSelf });

  async function say(line: string): Promise<void> {
    const spoken = speaker(line, { name: account.slice(own.length), ...options, account });
    if (typeof spoken === 'string') return terminal.print([spoken]);
    if (spoken.text === '') return;
    if (!spoken.text.startsWith(prefix))
      return terminal.print([`lines to vigie begin with ${prefix}: type ${prefix}help`]);
    said += 1;
    const key = `${run}-${said}`;
    try {
      await hear({ key, from: spoken.from, place, text: spoken.text, at: new Date() });
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      return terminal.print([error.message]);
    }
    if (!tty) await options.answered?.(key);
  }

  /** What could not be said stays due: the delivery is tried again by whoever comes next. */
  function tell(lines: readonly string[]): void {
    if (!terminal.open()) throw new Error('the terminal is closed');
    terminal.print(lines);
  }

  return {
    name: 'console',
    connection: id,
    able: { buttons: false, reactions: false, files: false, edit: false, private: true, find: false, threads: false },
    ended: terminal.ended,
    async start(listener) {
      hear = listener;
      terminal.read();
    },
    async post(_place, report, post) {
      const handle = `${run}-${post.key}`;
      tell([...addressed(post, account), ...renderReport(report, look())]);
      cards.spoke(handle);
      return { place, handle };
    },
    find: async () => null,
    async revise(receipt, report, previous) {
      tell(cards.revised(receipt, report, previous));
    },
    connected: () => terminal.open(),
    stop: async () => terminal.close(),
  };
}

/** A terminal may be resized, say that it has no width, or be too narrow for any table. */
function columnsOf(columns = 0): number {
  return columns === 0 ? 100 : Math.max(40, columns);
}

/** A terminal that is read key by key keeps Ctrl-C to itself. */
function interruptSelf(): void {
  process.kill(process.pid, 'SIGINT');
}

const own = 'console:';

function accountOf(user: string): string {
  return user.startsWith(own) ? user : own + user;
}

type Me = Pick<ConsoleOptions, 'account' | 'speakers'> & { readonly name: string };

interface Spoken {
  readonly from: Message['from'];
  readonly text: string;
}

/** Who says what; a string tells why nobody does. */
function speaker(line: string, { account, name, speakers }: Me): Spoken | string {
  const [, other, text = ''] = /^\s*as\s+([A-Za-z0-9._-]+):\s*(.*)$/.exec(line) ?? [];
  if (other === undefined) return { from: { account, name }, text: line.trim() };
  if (!speakers) return `"as ${other}:" works only in the demo; here you are ${account}`;
  return { from: { account: own + other, name: other }, text: text.trim() };
}

function addressed({ to }: PostOptions, account: string): string[] {
  return to === undefined || to === account ? [] : [`(to ${to} alone)`];
}

interface Cards {
  spoke(handle: string): void;
  revised(receipt: Receipt, report: Report, previous: Report | null): string[];
}

/** Says state changes at once and progress every ten seconds per card, and whose they are when several talk at a time. */
function openCards(now: () => number, look: () => Look): Cards {
  const progressed = new Map<string, number>();
  let last: string | null = null;
  return {
    spoke(handle) {
      last = handle;
    },
    revised({ handle }, report, previous) {
      const { news, progress } = changesOf(report, previous, look());
      const due = now() - (progressed.get(handle) ?? Number.NEGATIVE_INFINITY) >= progressEvery;
      const lines = news.length > 0 ? news : due ? progress : [];
      if (lines.length === 0) return [];
      progressed.set(handle, now());
      if (progressed.size > 1000) progressed.delete(progressed.keys().next().value ?? '');
      const context =
        last === handle || previous === null
          ? []
          : renderReport({ title: report.title, tone: report.tone, blocks: [] }, look());
      last = handle;
      return lines[0] === context[0] ? lines : [...context, ...lines];
    },
  };
}
