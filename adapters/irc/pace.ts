/** The times by which a connection is kept. */
export interface Pace {
  /** Until a connection that is open must be registered. */
  readonly registerMs: number;
  /** Between two looks at whether nick, account and channels are as wished. */
  readonly settleMs: number;
  readonly pingMs: number;
  /** Without any line of the server's own for so long, the connection is dead: what people say does not count. */
  readonly silenceMs: number;
  /** Before a login that services refused is tried again. */
  readonly refusedMs: number;
  /** Before the next attempt, after so many failures in a row. */
  pauseMs(failures: number): number;
}

/** An outage is noticed within 45 s; a server that restarts is tried at a pace that it can bear. */
export const usualPace: Pace = {
  registerMs: 30_000,
  settleMs: 15_000,
  pingMs: 15_000,
  silenceMs: 40_000,
  refusedMs: 600_000,
  pauseMs: (failures) => Math.min(60_000, 1000 * 2 ** Math.min(failures, 6)) * (0.5 + Math.random()),
};

export interface Attempt {
  readonly failures: number;
  readonly registeredAt: number | null;
}

const stableMs = 30_000;

/** A connection that held for a while was a good one: the pauses begin anew. Also what was cut off at once is tried again. */
export function afterLoss({ failures, registeredAt }: Attempt, now: number): Attempt {
  const held = registeredAt !== null && now - registeredAt > stableMs;
  return { failures: held ? 0 : failures + 1, registeredAt: null };
}
