import type { RequestLimits } from './cloud.ts';

/** What a purge, an archive or an index of the token table would meet. */
export interface TokenSurvey {
  /** Rows that expired before the cut-off; null where no index counts them. */
  readonly expired: number | null;
  /** An index that begins with `expires`; null where there is none. */
  readonly expiresIndex: string | null;
  /** Keystone's own count of its schema; `alembic` from 2023 on; null where that cannot be read. */
  readonly schema: number | 'alembic' | null;
  /** Of its columns these: the release tells by them where the schema does not. */
  readonly indexNames: readonly string[];
  /** Null where the server is no node of a Galera cluster. */
  readonly galera: { readonly nodes: number; readonly state: string } | null;
  /** Replicas whose lag is watched. */
  readonly replicas: number;
  readonly server: string;
}

/** Where this worker writes archives. */
export interface ArchivePlace {
  readonly host: string;
  readonly folder: string;
  readonly freeBytes: number;
  /** Of the public key they are sealed to; null where they are written in clear. */
  readonly keyId: string | null;
}

/** One file on this worker's disk. */
export interface ArchivePart {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** Null where the writer did not come to an end. */
  readonly manifest: ArchiveFacts | null;
}

export interface ArchiveFacts {
  readonly cloud: string;
  readonly part: number;
  /** All that the archive had when it ended, on whatever host. */
  readonly parts: readonly { readonly host: string; readonly name: string }[];
  readonly rows: number;
  readonly again: number;
  readonly frames: number;
  readonly firstExpires: string;
  readonly lastExpires: string;
  readonly bytes: number;
  readonly rawBytes: number;
  readonly sha256: string;
  readonly keyId: string | null;
  readonly columns: readonly string[];
}

export interface SweepOrder {
  readonly job: string;
  readonly human: string;
  /** Rows that expired before this moment, as the database writes it: naive UTC. */
  readonly cutoff: string;
  readonly archive: boolean;
  readonly purge: boolean;
  /** Along the primary key, or along this index on `expires` where few rows have expired. */
  readonly index: string | null;
}

/** Where a sweep stands, as it is kept in a row: no id, no user's data. */
export interface SweepMark {
  /** Where the chunk begins that may or may not have been deleted: the beginning of an id, or a moment. */
  readonly at: string;
  readonly archived: number;
  readonly deleted: number;
  /** Files so far, with the bytes that were safe in each. */
  readonly parts: readonly { readonly host: string; readonly path: string; readonly bytes: number }[];
}

/** A chunk that is archived, where it is to be, and not yet deleted. */
export interface SweepChunk {
  /** To be kept before its rows are deleted. */
  readonly mark: SweepMark;
  /** Rows that were archived; 0 where nobody archives them. */
  readonly rows: number;
}

export interface TokenSweep {
  /** Null at the end. A worker whose archive's disk is nearly full hears a `UserError`. */
  next(): Promise<SweepChunk | null>;
  /**
   * Deletes what is archived of that chunk, or all expired rows of it; how many went. Null where somebody holds one of
   * them, or another node of the cluster was quicker: nothing went, and it may be tried again.
   */
  remove(chunk: SweepChunk, limits: RequestLimits): Promise<number | null>;
  /** Why nothing should be deleted just now; null where nothing is in the way. */
  brake(): Promise<string | null>;
  /** Whatever holds locks or lags: smaller chunks. */
  slower(): void;
  /** Proves the parts that are on this disk and writes their manifests. */
  finish(mark: SweepMark): Promise<ArchivePart[]>;
  close(): Promise<void>;
}

/** What of an archive is in the scratch database. */
export interface Restored {
  readonly frames: number;
  readonly rows: number;
}

export interface TokensReader {
  /** `cutoff` naive UTC. */
  tokenSurvey(cutoff: string, options: { signal: AbortSignal; limitMs: number }): Promise<TokenSurvey>;
  /** Whether a row is left that expired before the cut-off; null where that cannot be found out in time. */
  expiredLeft(cutoff: string, limitMs: number): Promise<boolean | null>;
  /** Why the lag of a watched replica can never be read as things are; null where it can be asked, or may be soon. */
  replicaTrouble(): Promise<string | null>;
  /** Throws `UserError` with what to configure. */
  archivePlace(): Promise<ArchivePlace>;
  /** The parts of one archive by its name, or by a part's file name; without a name, all, newest first. */
  archives(name?: string): Promise<ArchivePart[]>;
  /** The scratch database and the tables in it. Throws `UserError` with what to configure. */
  scratch(): Promise<{ label: string; tables: string[]; rows: number }>;
  /** Whether this worker can open what is sealed to that key. */
  opens(keyId: string | null): boolean;
}

export interface Tokens extends TokensReader {
  openSweep(order: SweepOrder, mark: SweepMark | null): Promise<TokenSweep>;
  createTokenIndex(index: { name: string; columns: readonly string[] }, limits: RequestLimits): Promise<void>;
  /** Puts a part's frames into the scratch database, from that frame on; tells after each. */
  restore(path: string, from: number): AsyncGenerator<Restored>;
}
