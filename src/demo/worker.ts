import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { type ChildPlan, startChild } from './child.ts';

export interface KeptWorker {
  stop(): Promise<void>;
}

/** Keeps a worker running: one that was killed is followed by another, which goes on with its jobs. */
export function keepWorker(plan: ChildPlan, log: Log): KeptWorker {
  let stopping = false;
  let child = startChild(plan);
  const watch = async (): Promise<void> => {
    for (;;) {
      await child.ended;
      if (stopping) return;
      log.warn({ pid: child.pid }, 'the worker ended; another one starts');
      await sleep(1000);
      if (stopping) return;
      child = startChild(plan);
    }
  };
  void watch();
  return {
    async stop() {
      stopping = true;
      await child.stop();
    },
  };
}
