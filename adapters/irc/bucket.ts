import type { Weight } from '../../src/chat/message.ts';

/** In the order in which they leave. */
const lanes = ['protocol', 'answer', 'news', 'progress'] as const;
export type Lane = Weight | 'protocol';

/** What a server takes without ending the connection: so many lines at once, then one every so often. */
export interface Rate {
  readonly burst: number;
  readonly everyMs: number;
}

/** Safe on servers with example and stock limits: never more than four lines, so 2 KB, that the server has not read. */
export const carefulRate: Rate = { burst: 4, everyMs: 1000 };

/** Everything one connection sends passes here, one line at a time. */
export interface Bucket {
  /** Resolves when the line has been handed to the socket; rejects where the connection went first. */
  put(line: string, lane: Lane, place: string): Promise<void>;
  /** A connection is there: what is put is sent by `write`; before it is registered, at once. */
  open(write: (line: string) => void): void;
  /** From here on the rate holds; what registering cost is counted. */
  registered(): void;
  /** The connection is gone, and with it what waited. */
  close(why: Error): void;
  /** Nothing waits. */
  idle(): boolean;
}

interface Waiting {
  readonly line: string;
  sent(): void;
  lost(why: Error): void;
}

/** One token bucket with lanes; within a lane the places take turns, so that a long text does not keep a short one back. */
export function openBucket(rate: Rate, now: () => number = () => performance.now()): Bucket {
  const queues = new Map(lanes.map((lane) => [lane, new Map<string, Waiting[]>()]));
  let write: ((line: string) => void) | null = null;
  let limited = false;
  let tokens = 0;
  let filledAt = 0;
  let timer: NodeJS.Timeout | null = null;

  function fill(): void {
    const at = now();
    tokens = Math.min(rate.burst, tokens + (at - filledAt) / rate.everyMs);
    filledAt = at;
  }

  function drain(): void {
    timer = null;
    while (write !== null) {
      fill();
      if (limited && tokens < 1) break;
      const next = take(queues);
      if (next === null) return;
      if (limited) tokens -= 1;
      write(next.line);
      next.sent();
    }
    if (write !== null) timer = setTimeout(drain, Math.max(1, (1 - tokens) * rate.everyMs));
  }

  return {
    put(line, lane, place) {
      if (write === null) return Promise.reject(new Error('there is no connection'));
      const said = new Promise<void>((sent, lost) => {
        const places = queues.get(lane) ?? new Map<string, Waiting[]>();
        places.set(place, [...(places.get(place) ?? []), { line, sent, lost }]);
      });
      if (timer === null) drain();
      return said;
    },
    open(writer) {
      write = writer;
      limited = false;
    },
    registered() {
      limited = true;
      tokens = Math.min(2, rate.burst);
      filledAt = now();
    },
    close(why) {
      write = null;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      for (const places of queues.values()) {
        for (const waiting of places.values()) for (const one of waiting) one.lost(why);
        places.clear();
      }
    },
    idle: () => [...queues.values()].every((places) => places.size === 0),
  };
}

/** The first line of the first lane that has one; its place goes to the end of its lane. */
function take(queues: ReadonlyMap<Lane, Map<string, Waiting[]>>): Waiting | null {
  for (const lane of lanes) {
    const places = queues.get(lane);
    const [first] = places ?? [];
    if (places === undefined || first === undefined) continue;
    const [place, [next, ...rest]] = first;
    places.delete(place);
    if (rest.length > 0) places.set(place, rest);
    if (next !== undefined) return next;
  }
  return null;
}
