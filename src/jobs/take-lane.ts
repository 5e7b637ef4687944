import type { Underway, WantedLane } from '../command/command.ts';
import { type Freeze, isFrozen } from './freezes.ts';
import type { Progress } from './progress.ts';
import type { Run } from './run.ts';
import { Fenced } from './store.ts';

/** What changed in other processes (an answer, a thaw) is seen after this at the latest. */
export const lookEveryMs = 500;
/** Who waits for a lane looks at its server so often, ms: it may be gone, or its time over. */
const waitsAtMost = 30_000;

export interface Bell {
  ring(): void;
  /** Once it rings, or after so long, ms. */
  within(ms: number): Promise<void>;
}

/** The steps of a job that go on beside each other in this worker. */
export interface Seats {
  readonly run: Run;
  readonly progress: Progress;
  /** What those that go wrote last: they see of each other what rows would show them too late. */
  readonly beside: Map<string, Underway>;
  /** What steps threw: this worker's part ends with the first. */
  readonly thrown: readonly unknown[];
  /** Rings when a step has written something others may wait for, or has ended. */
  readonly bell: Bell;
}

/**
 * From the look at the others to the mark that they see nothing is waited for: of two that ask at once only one may. Who waits
 * holds nothing, whatever it wrote when it asked the cloud before: else two that ask again hold each other off for ever.
 */
export async function takeLane<T>(seats: Seats, key: string, wanted: WantedLane<T>): Promise<{ did: T } | null> {
  const { run, beside, progress, bell, thrown } = seats;
  const idle = { key, checkpoint: null, startedAt: new Date(0), asks: false };
  const since = performance.now();
  for (let waits = false; ; waits = true) {
    const rung = bell.within(lookEveryMs);
    const frozen = await isFrozen(run.parts.database.rows, run.job.cloud);
    // What holds a place for a step that broke is never free again here: the next worker goes on from the rows.
    if (thrown.length > 0 || !run.tenure.alive()) throw new Fenced(`${run.job.id} is let go of`);
    const waited = performance.now() - since;
    if (isTold(run) || waited > waitsAtMost) break;
    const free = frozen === null && wanted.lets(othersOf(seats, key));
    if (free && waits && waited > wanted.goodFor) break;
    beside.set(key, { ...idle, asks: free });
    if (free) return await held(seats, idle, wanted.work);
    progress.note(key, frozen === null ? 'waits for its turn' : frozenBy(frozen));
    await rung;
  }
  beside.set(key, idle);
  return null;
}

/** Until it has written what it asked for, or that there was nothing to ask. */
async function held<T>({ beside }: Seats, idle: Underway, work: () => Promise<T>): Promise<{ did: T }> {
  try {
    return { did: await work() };
  } finally {
    if (beside.get(idle.key)?.asks) beside.set(idle.key, idle);
  }
}

/** To stop, by a person or for another worker. */
function isTold({ tenure }: Run): boolean {
  return tenure.signal.aborted || tenure.wish() !== null;
}

export function frozenBy({ human, reason }: Freeze): string {
  return `frozen by ${human}: ${reason}`;
}

export function othersOf({ beside }: Pick<Seats, 'beside'>, key: string): Underway[] {
  return [...beside.values()].filter((other) => other.key !== key);
}

export function openBell(): Bell {
  const waiting = new Set<() => void>();
  return {
    ring() {
      for (const wake of waiting) wake();
    },
    within: (ms) =>
      new Promise((resolve) => {
        function wake(): void {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        }
        const timer = setTimeout(wake, ms);
        waiting.add(wake);
      }),
  };
}
