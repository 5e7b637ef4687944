/**
 * How many rows are read at a time, and how many of them one statement deletes: as many as keep it near its target time.
 * Where rows are archived a chunk is several statements long, for each chunk costs a frame, a sync and an intent.
 */
export interface Pace {
  /** Of a chunk: small in memory, whatever rows are like. */
  chunk(): number;
  /** Of a statement that deletes. */
  piece(): number;
  /** How long the statement took that deleted a piece, ms. */
  took(ms: number): void;
  /** How long after it the server has time for others and for itself, ms. */
  rest(): number;
  /** How large that many rows were. */
  weigh(rows: number, bytes: number): void;
  /** A lock, a deadlock, a replica that lags: smaller steps. */
  slower(): void;
}

const targetMs = 100;
/**
 * Of the time that the statement took. InnoDB takes the rows out of their pages meanwhile: without a rest it falls behind, and
 * pages are written five times as often. Where rows are archived, reading them whole makes the pauses.
 */
const restShare = 0.5;
const least = 100;
const most = 5000;
/** Several chunks are in memory at a time. */
const chunkBytes = 6 * 1024 * 1024;

/** All of a frame's must go within the time of one intent. */
const piecesOfFrame = 5;

/** `archived`: rows are read whole before they are deleted. */
export function openPace({ archived }: { archived: boolean }): Pace {
  const pieces = archived ? piecesOfFrame : 1;
  let rows = 500;
  /** Until some were seen they may be PKI tokens; what is not read has no weight here. */
  let rowBytes = archived ? 8192 : 0;
  let last = 0;
  return {
    chunk: () => Math.max(10, Math.min(rows * pieces, most, Math.floor(chunkBytes / rowBytes))),
    piece: () => rows,
    took(ms) {
      last = ms;
      const factor = Math.min(2, Math.max(0.5, targetMs / Math.max(ms, 1)));
      rows = clamp(rows * (factor > 1 ? Math.sqrt(factor) : factor));
    },
    rest: () => (archived ? 0 : Math.min(last, targetMs) * restShare),
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
