/** What vigie itself has done in this cloud before, newest first. */
export interface History {
  drains(): Promise<PastDrain[]>;
  /** What a job of this cloud that has ended moved off which host; null where there is no such job. */
  moved(job: string): Promise<{ readonly host: string; readonly moved: readonly Whereabouts[] } | null>;
  /** The job of this cloud that made that migration of a server and has ended; null where there is none. */
  mover(server: string, migration: number): Promise<string | null>;
  /** What a job of this cloud that has ended told of the rows it changed; null where it changed none by a runbook. */
  edited(job: string): Promise<PastEdit | null>;
}

export interface PastEdit {
  /** What it held while it ran: its undo changes the same rows. */
  readonly claims: readonly string[];
  /** Null where it was cut off before it could tell. */
  readonly undo: { readonly host: string; readonly path: string; readonly sha256: string } | null;
}

/** Where a server went, and how. */
export interface Whereabouts {
  readonly server: string;
  readonly name: string;
  readonly to: string;
  readonly how: string;
}

export interface PastDrain {
  readonly moves: readonly PastMove[];
  /** From the first move's beginning to the last one's end, seconds. */
  readonly moving: number;
  /** The whole job, seconds. */
  readonly took: number;
  /** What its plan had predicted for the whole job, seconds; null where it ended early or nothing was predicted. */
  readonly predicted: number | null;
}

export interface PastMove {
  readonly how: 'live' | 'cold';
  readonly ramMb: number;
  /** Of the move alone, without its place in Nova's queue. */
  readonly seconds: number;
}
