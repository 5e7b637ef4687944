import type { Telling, Weight } from '../../src/chat/message.ts';

/** In the order in which they leave. `pulse` is PING and PONG: whoever is late with them is dead to the other side. */
const lanes = ['pulse', 'protocol', 'answer', 'news', 'progress'] as const;
export type Lane = Weight | 'protocol' | 'pulse';

export interface Waiting {
  readonly line: string;
  /** Asked when its turn comes. */
  readonly mine: Telling['mine'];
  sent(bytes: number): void;
  lost(why: Error): void;
}

export interface Next {
  readonly lane: Lane;
  readonly waiting: Waiting;
  /** Out of its queue; its place goes to the end of its lane. */
  take(): void;
}

/** What waits to be sent, by lane and place; within a lane the places take turns. */
export interface Lanes {
  put(waiting: Waiting, lane: Lane, place: string): void;
  /** The first line of the first lane that has one. */
  first(): Next | null;
  /** What waits for one place, or for all, is lost. */
  drop(why: Error, place?: string): void;
  idle(): boolean;
}

export function openLanes(): Lanes {
  const queues = new Map(lanes.map((lane) => [lane, new Map<string, Waiting[]>()]));
  return {
    put(waiting, lane, place) {
      const places = queues.get(lane) ?? new Map<string, Waiting[]>();
      places.set(place, [...(places.get(place) ?? []), waiting]);
    },
    first() {
      for (const [lane, places] of queues) {
        for (const [place, [waiting, ...rest]] of places) {
          if (waiting === undefined) continue;
          const take = () => {
            places.delete(place);
            if (rest.length > 0) places.set(place, rest);
          };
          return { lane, waiting, take };
        }
      }
      return null;
    },
    drop(why, place) {
      for (const places of queues.values()) {
        const dropped = place === undefined ? [...places.keys()] : [place];
        const waiting = dropped.flatMap((one) => places.get(one) ?? []);
        for (const one of dropped) places.delete(one);
        for (const one of waiting) one.lost(why);
      }
    },
    idle: () => [...queues.values()].every((places) => places.size === 0),
  };
}
