import { randomBytes } from 'node:crypto';
import { every, type Sweep } from './every.ts';
import { hold } from './jobs/holding.ts';
import type { WorkerParts } from './jobs/parts.ts';
import { watchProtections } from './jobs/watch.ts';

const tickMs = 1000;
/** A worker that has just started does other things first. */
const firstMs = 60_000;

/** Watches over the protections of a cloud: all its workers together look once per `watch_interval`. */
export function keepWatch({ database, log, cloud: connect, policy }: WorkerParts, name: string): Sweep {
  const started = performance.now();
  let next: number | null = null;
  async function watch(): Promise<void> {
    const cloud = await connect(name);
    const { watchInterval } = cloud.settings;
    next ??= started + Math.min(watchInterval, firstMs);
    if (performance.now() < next) return;
    next = performance.now() + watchInterval;
    // A holder of its own each time: nobody renews it, so it comes free when the next look is due.
    const turn = randomBytes(6).toString('hex');
    if (await hold(database, `watch:${name}`, turn, watchInterval * 0.9))
      await watchProtections({ database, operations: policy().operations }, cloud);
  }
  return every(tickMs, watch, log);
}
