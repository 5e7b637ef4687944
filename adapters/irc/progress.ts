import { memory } from '../../src/chat/memory.ts';
import { Later, type Telling } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import { renderProgress } from './render.ts';

const firstMs = 10_000;
const longestMs = 120_000;

/** What else waits to be said goes first; what is told then is as it is then. */
const behindMs = 2000;

/** How far a job is, told ever less often: an hour of it is some thirty lines. `!job ID` tells it at any time. */
export function openProgress(idle: () => boolean, now: () => number = () => performance.now()) {
  const told = memory<{ readonly at: number; readonly pause: number }>();
  return (report: Report, previous: Report | null, { key }: Telling): string[] => {
    const line = renderProgress(report, previous);
    if (line === null) return [];
    const last = told.get(key);
    const wait = Math.max(last === undefined ? 0 : last.at + last.pause - now(), idle() ? 0 : behindMs);
    if (wait > 0) throw new Later(wait);
    // Whether it arrives or not: progress that a server throttles does not press on.
    told.set(key, { at: now(), pause: last === undefined ? firstMs : Math.min(longestMs, last.pause * 2) });
    return [line];
  };
}
