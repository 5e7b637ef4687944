import { setTimeout as sleep } from 'node:timers/promises';

export interface BucketRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** So many calls a second, and a few at once after a pause. */
export interface Bucket {
  /** Ms until one more may go, with so many kept back for others. */
  roomIn(kept?: number): number;
  /** One goes. */
  note(): void;
  /** Slack asked for a pause. */
  pause(ms: number): void;
  /** Resolves when one may go, in the order of asking. */
  turn(): Promise<void>;
}

export function openBucket({ perSecond, burst }: BucketRate): Bucket {
  let level = burst;
  let at = performance.now();
  let pausedUntil = 0;
  let last: Promise<void> = Promise.resolve();

  function fill(): void {
    const now = performance.now();
    level = Math.min(burst, level + ((now - at) / 1000) * perSecond);
    at = now;
  }
  function roomIn(kept = 0): number {
    fill();
    const lacking = Math.min(burst, kept + 1) - level;
    return Math.max(pausedUntil - performance.now(), lacking <= 0 ? 0 : (lacking / perSecond) * 1000);
  }
  function note(): void {
    fill();
    level -= 1;
  }
  async function admitted(): Promise<void> {
    for (let ms = roomIn(); ms > 0; ms = roomIn()) await sleep(Math.ceil(ms));
    note();
  }
  return {
    roomIn,
    note,
    pause: (ms) => {
      pausedUntil = Math.max(pausedUntil, performance.now() + ms);
    },
    turn: () => {
      last = last.then(admitted);
      return last;
    },
  };
}
