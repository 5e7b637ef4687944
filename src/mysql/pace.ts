import type { RawRow } from './operator-pool.ts';

/** How many rows the next chunk has: as many as keep a statement near its target time, and a chunk small in memory. */
export interface Pace {
  rows(): number;
  /** How long the statement took that deleted a chunk, ms. */
  took(ms: number): void;
  weigh(rows: readonly RawRow[]): void;
  /** A lock, a deadlock, a replica that lags: smaller steps. */
  slower(): void;
}

const targetMs = 100;
const least = 100;
const most = 5000;
/** Several chunks are in memory at a time. */
const chunkBytes = 6 * 1024 * 1024;

export function openPace(): Pace {
  let rows = 500;
  let rowBytes = 1000;
  return {
    rows: () => Math.max(10, Math.min(rows, Math.floor(chunkBytes / rowBytes))),
    took(ms) {
      const factor = Math.min(2, Math.max(0.5, targetMs / Math.max(ms, 1)));
      rows = clamp(rows * (factor > 1 ? Math.sqrt(factor) : factor));
    },
    weigh(read) {
      if (read.length > 0) rowBytes = Math.max(100, bytesOf(read) / read.length);
    },
    slower() {
      rows = clamp(rows / 2);
    },
  };
}

function clamp(rows: number): number {
  return Math.round(Math.max(least, Math.min(most, rows)));
}

function bytesOf(rows: readonly RawRow[]): number {
  return rows.reduce((total, row) => total + row.reduce((sum, value) => sum + (value?.length ?? 4), 0), 0);
}
