import type { Log } from './log.ts';

export interface Sweep {
  /** No run begins any more; resolves when the one under way is through. */
  stop(): Promise<void>;
  /** Runs once more, after the run under way if there is one; resolves when that is through. */
  again(): Promise<void>;
}

/** Runs at once and then so often, one run at a time; a run that fails is logged and the next one comes. */
export function every(ms: number, work: () => Promise<void>, log: Log): Sweep {
  let running: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | null = null;
  let stopped = false;

  async function guarded(): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.warn({ err: error }, 'a sweep failed; the next one comes');
    }
  }

  function again(): Promise<void> {
    waiting ??= running.then(() => {
      waiting = null;
      if (!stopped) running = guarded();
      return running;
    });
    return waiting;
  }

  void again();
  const timer = setInterval(() => void again(), ms);
  function stop(): Promise<void> {
    stopped = true;
    clearInterval(timer);
    return running;
  }

  return { stop, again };
}
