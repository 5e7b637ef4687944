/**
 * How many rows are read at a time, and how many of them one statement deletes: as many as keep it near its target time.
 * A chunk is many statements long, for each chunk costs an intent, and where rows are archived a frame and a sync.
 */
export interface Pace {
  /** Of a chunk: small in memory, whatever rows are like. */
  chunk(): number;
  /** Of a statement that deletes. */
  piece(): number;
  /** How long the statement took that deleted a piece, ms. */
  took(ms: number): void;
  /** How large that many rows were. */
  weigh(rows: number, bytes: number): void;
  /** A lock, a deadlock, a replica that lags: smaller steps. */
  slower(): void;
}

/** So many statements are committed at once: not each of them waits for the disk, and locks are soon gone. */
export const piecesOfTransaction = 20;
/**
 * A statement of a tenth of a second keeps a processor of the server for that long, and whoever logs in waits for one:
 * between two of these it gets its turn.
 */
const targetMs = 5;
const least = 50;
const most = 500;
/** Several chunks are in memory at a time. */
const chunkRows = 5000;
const chunkBytes = 6 * 1024 * 1024;

/** All of a frame's must go within the time of one intent. */
const piecesOfFrame = 25;

/** `archived`: rows are read whole before they are deleted. */
export function openPace({ archived }: { archived: boolean }): Pace {
  const pieces = archived ? piecesOfFrame : piecesOfTransaction;
  let rows = 100;
  /** Until some were seen they may be PKI tokens; what is not read has no weight here. */
  let rowBytes = archived ? 8192 : 0;
  return {
    chunk: () => Math.max(10, Math.min(rows * pieces, chunkRows, Math.floor(chunkBytes / rowBytes))),
    piece: () => rows,
    took(ms) {
      const factor = Math.min(2, Math.max(0.5, targetMs / Math.max(ms, 1)));
      rows = clamp(rows * (factor > 1 ? Math.sqrt(factor) : factor));
    },
    weigh(read, bytes) {
      if (read > 0) rowBytes = Math.max(100, bytes / read);
    },
    slower() {
      rows = clamp(rows / 2);
    },
  };
}

function clamp(rows: number): number {
  return Math.round(Math.max(least, Math.min(most, rows)));
}
