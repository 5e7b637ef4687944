import { NotOurs, type Telling } from '../../src/chat/message.ts';
import { type Lanes, type Next, openLanes, type Slot } from './lanes.ts';

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
  put(line: string, slot: Slot, mine?: Telling['mine']): Promise<number>;
  /** The server has read as many of the bytes sent. */
  read(bytes: number): void;
  /** So much waits to be read that it is time to ask the server whether it was. */
  pressed(): boolean;
  /** From now on nothing is said in a place for as long as so many lines take. */
  hold(place: string, lines: number): void;
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
  const allowance = openAllowance(rate, now);
  const pump = openPump(lanes, allowance);
  const holds = new Map<string, NodeJS.Timeout>();

  function letGo(place: string): void {
    clearTimeout(holds.get(place));
    holds.delete(place);
    lanes.letGo(place);
    pump.go();
  }

  return {
    put(line, slot, mine) {
      if (!pump.runs()) return Promise.reject(new Error('there is no connection'));
      const said = new Promise<number>((sent, lost) => lanes.put({ line, mine, sent, lost }, slot));
      pump.go();
      return said;
    },
    read(bytes) {
      allowance.read(bytes);
      pump.go();
    },
    pressed: allowance.pressed,
    hold(place, lines) {
      clearTimeout(holds.get(place));
      lanes.hold(place);
      holds.set(
        place,
        setTimeout(() => letGo(place), lines * rate.everyMs),
      );
    },
    drop: (place, why) => lanes.drop(why, place),
    open(write) {
      allowance.lift();
      pump.start(write);
    },
    registered: allowance.begin,
    close(why) {
      pump.stop();
      allowance.lift();
      for (const place of [...holds.keys()]) letGo(place);
      lanes.drop(why);
    },
    idle: lanes.idle,
  };
}

/**
 * Sends what waits, as soon as it may be sent; one line in each turn of the event loop. A server that finds two reads
 * both, and echoes both, before it passes the first one on.
 */
function openPump(lanes: Lanes, allowance: ReturnType<typeof openAllowance>) {
  let write: ((line: string) => void) | null = null;
  let timer: NodeJS.Timeout | null = null;
  let turn: NodeJS.Immediate | null = null;

  function next(): void {
    timer = null;
    turn = null;
    if (write === null) return;
    const wait = allowance.missing();
    if (wait > 0) {
      timer = setTimeout(next, wait);
      return;
    }
    const first = firstOurs(lanes);
    // It goes on when the server has read.
    if (first === null || !allowance.hasRoom(first)) return;
    first.take();
    const { line, sent } = first.waiting;
    const bytes = allowance.spend(line);
    write(line);
    turn = setImmediate(next);
    sent(bytes);
  }

  return {
    go(): void {
      if (timer === null && turn === null) next();
    },
    runs: () => write !== null,
    start(writer: (line: string) => void): void {
      write = writer;
    },
    stop(): void {
      write = null;
      if (timer !== null) clearTimeout(timer);
      if (turn !== null) clearImmediate(turn);
      timer = null;
      turn = null;
    },
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

/** What may be sent by now: by the rate, and by what the server has read. */
function openAllowance(rate: Rate, now: () => number) {
  const tokens = openTokens(rate, now);
  const unread = openUnread(rate.unread ?? Number.POSITIVE_INFINITY);
  let limited = false;
  return {
    /** Until it is registered a connection knows no rate. */
    lift(): void {
      limited = false;
      unread.reset();
    },
    begin(): void {
      limited = true;
      unread.reset();
      tokens.begin(2);
    },
    /** The time until there may be a line, ms. */
    missing: () => (limited ? tokens.missing() : 0),
    /** What asks the server whether it has read is not held back. */
    hasRoom: ({ lane, waiting }: Next) => !limited || lane === 'pulse' || unread.hasRoom(waiting.line),
    /** The bytes sent by now. */
    spend(line: string): number {
      if (limited) tokens.spend();
      return unread.sent(line);
    },
    read: unread.read,
    pressed: () => limited && unread.pressed(),
  };
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
