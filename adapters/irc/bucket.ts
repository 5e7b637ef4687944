import { NotOurs, type Telling } from '../../src/chat/message.ts';
import { type Lane, type Lanes, type Next, openLanes } from './lanes.ts';

/** What a server takes without ending the connection: so many lines at once, then one every so often. */
export interface Rate {
  readonly burst: number;
  readonly everyMs: number;
  /** As many bytes may wait to be read by the server: a slow one is not sent more. Without it there is no limit. */
  readonly unread?: number;
}

/** Safe on servers with example and stock limits, which end a connection by what waits to be read: 2,560 bytes at least. */
export const carefulRate: Rate = { burst: 4, everyMs: 1000, unread: 2000 };

/** Everything one connection sends passes here, one line at a time. */
export interface Bucket {
  /** Resolves when the line has been handed to the socket, with the bytes sent by then; rejects where it never will. */
  put(line: string, lane: Lane, place: string, mine?: Telling['mine']): Promise<number>;
  /** The server has read as many of the bytes sent. */
  read(bytes: number): void;
  /** So much waits to be read that it is time to ask the server whether it was. */
  pressed(): boolean;
  /** What waits to be said in a place is not said. */
  drop(place: string, why: Error): void;
  /** A connection is there: what is put is sent by `write`; before it is registered, at once. */
  open(write: (line: string) => void): void;
  /** From here on the rate holds; what registering cost is counted. */
  registered(): void;
  /** The connection is gone, and with it what waited. */
  close(why: Error): void;
  /** Nothing waits. */
  idle(): boolean;
}

/** One token bucket with lanes; within a lane the places take turns, so that a long text does not keep a short one back. */
export function openBucket(rate: Rate, now: () => number = () => performance.now()): Bucket {
  const lanes = openLanes();
  const tokens = openTokens(rate, now);
  const unread = openUnread(rate.unread ?? Number.POSITIVE_INFINITY);
  let write: ((line: string) => void) | null = null;
  let limited = false;
  let timer: NodeJS.Timeout | null = null;

  function drain(): void {
    timer = null;
    while (write !== null) {
      const wait = limited ? tokens.missing() : 0;
      if (wait > 0) {
        timer = setTimeout(drain, wait);
        return;
      }
      const next = firstOurs(lanes);
      if (next === null) return;
      const { line, sent } = next.waiting;
      // It goes on when the server has read; what asks it whether it has is not held back.
      if (limited && next.lane !== 'pulse' && !unread.hasRoom(line)) return;
      next.take();
      if (limited) tokens.spend();
      write(line);
      sent(unread.sent(line));
    }
  }

  function drainNow(): void {
    if (timer === null) drain();
  }

  return {
    put(line, lane, place, mine) {
      if (write === null) return Promise.reject(new Error('there is no connection'));
      const said = new Promise<number>((sent, lost) => lanes.put({ line, mine, sent, lost }, lane, place));
      drainNow();
      return said;
    },
    read(bytes) {
      unread.read(bytes);
      drainNow();
    },
    pressed: () => limited && unread.pressed(),
    drop: (place, why) => lanes.drop(why, place),
    open(writer) {
      write = writer;
      limited = false;
    },
    registered() {
      limited = true;
      unread.reset();
      tokens.begin(2);
    },
    close(why) {
      write = null;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      unread.reset();
      lanes.drop(why);
    },
    idle: lanes.idle,
  };
}

/** What waited until another bot spoke here is not said. */
function firstOurs(lanes: Lanes): Next | null {
  for (;;) {
    const next = lanes.first();
    if (next === null || next.waiting.mine?.() !== false) return next;
    next.take();
    next.waiting.lost(new NotOurs('another bot speaks here by now'));
  }
}

function openTokens({ burst, everyMs }: Rate, now: () => number) {
  let [tokens, filledAt] = [0, 0];
  return {
    begin(some: number): void {
      tokens = Math.min(some, burst);
      filledAt = now();
    },
    /** The time until there is one, ms. */
    missing(): number {
      const at = now();
      tokens = Math.min(burst, tokens + (at - filledAt) / everyMs);
      filledAt = at;
      return tokens >= 1 ? 0 : Math.max(1, (1 - tokens) * everyMs);
    },
    spend(): void {
      tokens -= 1;
    },
  };
}

/** How much of what was sent the server may not have read yet. */
function openUnread(most: number) {
  let [sent, read] = [0, 0];
  let held = false;
  const size = (line: string) => Buffer.byteLength(line) + 2;
  return {
    hasRoom(line: string): boolean {
      held = sent > read && sent - read + size(line) > most;
      return !held;
    },
    /** The bytes sent by now. */
    sent(line: string): number {
      sent += size(line);
      return sent;
    },
    read(bytes: number): void {
      read = Math.max(read, Math.min(bytes, sent));
      // What did not fit may by now, or waits no more: who asks on and on would send nothing but questions.
      held = false;
    },
    pressed: () => held || sent - read > most / 2,
    reset(): void {
      read = sent;
      held = false;
    },
  };
}
