import type { Telling, Weight } from '../../src/chat/message.ts';

/** In the order in which they leave. `pulse` is PING and PONG: whoever is late with them is dead to the other side. */
const lanes = ['pulse', 'protocol', 'answer', 'news', 'progress'] as const;
export type Lane = Weight | 'protocol' | 'pulse';

/** Where a line belongs. */
export interface Slot {
  readonly lane: Lane;
  readonly place: string;
  /** Before whatever waits there with a higher number; without one, behind all. */
  readonly number?: number;
}

export const pulse: Slot = { lane: 'pulse', place: '' };
export const protocol: Slot = { lane: 'protocol', place: '' };

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
  put(waiting: Waiting, slot: Slot): void;
  /** The first line of the first lane that has one, but for places that are held. */
  first(): Next | null;
  /** Nothing goes to that place until it is let go of. */
  hold(place: string): void;
  letGo(place: string): void;
  /** What waits for one place, or for all, is lost. */
  drop(why: Error, place?: string): void;
  idle(): boolean;
}

interface Placed {
  readonly waiting: Waiting;
  readonly number: number;
}

export function openLanes(): Lanes {
  const queues = new Map(lanes.map((lane) => [lane, new Map<string, Placed[]>()]));
  const held = new Set<string>();
  return {
    put(waiting, { lane, place, number = Number.POSITIVE_INFINITY }) {
      const places = queues.get(lane) ?? new Map<string, Placed[]>();
      const others = places.get(place) ?? [];
      const at = others.findLastIndex((other) => other.number <= number) + 1;
      places.set(place, others.toSpliced(at, 0, { waiting, number }));
    },
    first() {
      for (const [lane, places] of queues) {
        for (const [place, [first, ...rest]] of places) {
          if (first === undefined || held.has(place)) continue;
          const take = () => {
            places.delete(place);
            if (rest.length > 0) places.set(place, rest);
          };
          return { lane, waiting: first.waiting, take };
        }
      }
      return null;
    },
    hold: (place) => void held.add(place),
    letGo: (place) => void held.delete(place),
    drop(why, place) {
      for (const places of queues.values()) {
        const dropped = place === undefined ? [...places.keys()] : [place];
        const lost = dropped.flatMap((one) => places.get(one) ?? []);
        for (const one of dropped) places.delete(one);
        for (const { waiting } of lost) waiting.lost(why);
      }
    },
    idle: () => [...queues.values()].every((places) => places.size === 0),
  };
}
