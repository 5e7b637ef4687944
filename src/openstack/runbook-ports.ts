import type { RequestLimits } from './cloud.ts';

/** What a runbook says of itself: one edit of an operators' database that was thought about before it is needed. */
export interface RunbookFacts {
  readonly name: string;
  readonly summary: string;
  readonly database: 'cell' | 'nova_api' | 'keystone';
  /** In words: `Liberty to 2026.1`. */
  readonly releases: string;
  readonly risk: 'disruptive' | 'destructive';
  readonly parameters: readonly RunbookParameter[];
  /** What the API can do about it; `when`: for these values, and then nothing else is done. */
  readonly instead: readonly { readonly when: string | null; readonly call: string; readonly why: string }[];
  readonly notes: readonly string[];
  /** What must hold before it runs, in words. */
  readonly checks: readonly string[];
  readonly change: 'update' | 'delete';
  readonly expect: number | null;
  readonly max: number;
  /** Its statements, as they are in the file. */
  readonly sql: string;
  readonly file: string;
  /** Of the file: a plan is of one text. */
  readonly sha256: string;
}

export interface RunbookParameter {
  readonly name: string;
  /** `SERVER`, `MOMENT`, or its choices: `stopped|paused`. */
  readonly kind: string;
  readonly help: string;
  readonly optional: boolean;
}

/** What is wrong with a file that is therefore no runbook. */
export interface RunbookProblem {
  readonly file: string;
  readonly line: number;
  readonly said: string;
}

export interface Runbooks {
  readonly runbooks: readonly RunbookFacts[];
  readonly problems: readonly RunbookProblem[];
}

/** Parameters by name; null where one that need not be there is not. */
export type RunbookValues = Readonly<Record<string, string | null>>;

export interface EditRequest {
  readonly runbook: string;
  /** As they were typed. */
  readonly typed: Readonly<Record<string, string>>;
  /** Which cell, where no parameter is a server; null: the only one. */
  readonly cell: string | null;
}

/** What an edit would change, row by row, as the database is now. */
export interface EditPreview {
  readonly runbook: RunbookFacts;
  readonly values: RunbookValues;
  /** Null where the database is no cell's. */
  readonly cell: string | null;
  /** How messages call the database. */
  readonly label: string;
  readonly schema: string;
  readonly rows: readonly EditRow[];
  readonly host: string;
  readonly folder: string;
}

export interface EditRow {
  /** Over the whole row as it is and as it shall be: what an approval binds to. */
  readonly hash: string;
  readonly cells: readonly EditCell[];
}

/** Secrets are hidden already. */
export interface EditCell {
  readonly column: string;
  readonly before: string;
  /** Null where it stays. */
  readonly after: string | null;
}

export interface EditOrder {
  readonly job: string;
  readonly human: string;
  readonly runbook: string;
  readonly sha256: string;
  readonly cell: string | null;
  readonly values: RunbookValues;
  /** Hashes of the rows that were approved. */
  readonly rows: readonly string[];
}

export interface Edited {
  readonly rows: number;
  /** Approved rows that were not there any more. */
  readonly left: number;
  /** Null where nothing was changed. */
  readonly undo: UndoFile | null;
  /** Why it cannot be shown that the rows are as they were written; null where they were read back. */
  readonly doubt: string | null;
}

/** The row images of one job, on one worker's disk. */
export interface UndoFile {
  readonly host: string;
  readonly path: string;
  readonly sha256: string;
}

/** How the rows of an undo file stand now. */
export interface UndoPreview {
  readonly file: UndoFile;
  readonly runbook: string;
  readonly label: string;
  readonly change: 'update' | 'delete';
  /** When the rows were changed, and by whom. */
  readonly at: string;
  readonly human: string;
  readonly rows: readonly UndoRow[];
}

/** `changed`: somebody else changed it since; then nothing can be undone. */
export interface UndoRow {
  readonly hash: string;
  readonly state: 'ours' | 'as before' | 'changed';
  readonly cells: readonly EditCell[];
}

export interface UndoOrder {
  /** The job that is undone. */
  readonly job: string;
  readonly sha256: string;
}

export interface EditsReader {
  runbooks(): Promise<Runbooks>;
  /** Throws `UserError` with what is wrong: name, release, parameter by name, what is in the way, too many rows. */
  previewEdit(request: EditRequest): Promise<EditPreview>;
  /** `written`: what the job told of its file. Throws `UserError` where this worker's disk has no such file, or another. */
  previewUndo(job: string, written: UndoFile | null): Promise<UndoPreview>;
  /** What a job that may have been cut off did, by the row images on this disk; null where it has none. */
  edited(order: EditOrder): Promise<Edited | 'as before' | 'unclear' | null>;
}

export interface Edits extends EditsReader {
  /**
   * In one transaction: reads the rows again and locks them, holds them against what was approved, checks, changes, holds
   * the rows against what was shown, writes both images to the disk, commits. All of it or nothing.
   */
  edit(order: EditOrder, limits: RequestLimits): Promise<Edited>;
  /** Every row as it was before, or nothing. How many rows it restored. */
  undoEdit(order: UndoOrder, limits: RequestLimits): Promise<number | 'unclear'>;
}
