import { memory } from '../chat/memory.ts';
import type { Message } from '../chat/message.ts';
import type { Row } from './due.ts';

/** What people ask in each place, in order of asking: an answer waits for the answers to what was asked before it. */
export interface Asked {
  /** A message is heard: from here on it has its turn in its place. */
  hear(message: Pick<Message, 'key' | 'place'>): Question;
  /** Its answer begins to be said, or needs not be. */
  answered(key: string): void;
  /** Of the rows that were due at that time, by performance.now(), those that may begin: in order of asking. */
  inTurn(rows: readonly Row[], at: number): Row[];
}

export interface Question {
  /** Its answer is in rows. */
  written(): void;
  /** Its answer begins to be said, or there is none. */
  over(): void;
  /** Resolves when those before it in its place are over, or have taken too long. */
  turn(): Promise<void>;
}

interface Open {
  readonly place: string;
  readonly number: number;
  readonly at: number;
  /** By performance.now(); null while it is being taken. */
  writtenAt: number | null;
  readonly ended: Promise<void>;
  end(): void;
}

/** What takes longer keeps nobody back any more. */
const patienceMs = 3000;

export function openAsked(look: () => void): Asked {
  // In order of asking.
  const open = new Map<string, Open>();
  const numbers = memory<number>();
  let heard = 0;
  let kept = false;
  const before = (place: string, number: number) => [...earlier(open, number)].filter((one) => one.place === place);

  function answered(key: string): void {
    open.get(key)?.end();
    open.delete(key);
    lookAgain();
  }

  /** What was kept back may begin by now. */
  function lookAgain(): void {
    if (kept) look();
    kept = false;
  }

  return {
    answered,
    hear({ key, place }) {
      heard += 1;
      const one = open.get(key) ?? opened(place.id, heard);
      open.set(key, one);
      numbers.set(key, one.number);
      return {
        written() {
          one.writtenAt = performance.now();
          lookAgain();
        },
        over: () => answered(key),
        async turn() {
          const others = before(one.place, one.number).map(({ ended }) => ended);
          if (others.length > 0) await Promise.race([Promise.all(others), pause(patienceMs)]);
        },
      };
    },
    inTurn(rows, at) {
      const sorted = inOrder(rows, ({ message_key: key }) => (key === null ? undefined : numbers.get(key)));
      const ours = sorted.filter(([row, number = 0]) => !before(row.place_id, number).some(isMissing(at)));
      if (ours.length < rows.length) {
        // What they wait for may never be answered: then nothing else would ring.
        if (!kept) void pause(patienceMs).then(lookAgain);
        kept = true;
      }
      return ours.map(([row]) => row);
    },
  };
}

/** Those that are still waited for: the others are forgotten. */
function* earlier(open: Map<string, Open>, number: number): Generator<Open> {
  const late = performance.now() - patienceMs;
  for (const [key, one] of open) {
    if (one.number >= number) return;
    if (one.at < late) open.delete(key);
    else yield one;
  }
}

/** What was written since is not among what was read then. */
function isMissing(at: number) {
  return ({ writtenAt }: Open) => writtenAt === null || writtenAt > at;
}

function opened(place: string, number: number): Open {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { place, number, at: performance.now(), writtenAt: null, ended, end };
}

/** Those with a number by it; the others stay where they are. */
function inOrder<T>(all: readonly T[], numberOf: (one: T) => number | undefined): [T, number | undefined][] {
  const numbered = all.map((one): [T, number | undefined] => [one, numberOf(one)]);
  const asked = numbered.filter(([, number]) => number !== undefined).sort(([, a = 0], [, b = 0]) => a - b);
  return numbered.map((one) => (one[1] === undefined ? one : (asked.shift() ?? one)));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
