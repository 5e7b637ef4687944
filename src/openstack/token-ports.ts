import type { RequestLimits } from './cloud.ts';

/** What a purge, an archive or an index of the token table would meet. */
export interface TokenSurvey {
  /** Rows that expired before the cut-off; null where no index counts them. */
  readonly expired: number | null;
  /** An index that begins with `expires`; null where there is none. */
  readonly expiresIndex: string | null;
  /** Keystone's own count of its schema; `alembic` from 2023 on; null where that cannot be read. */
  readonly schema: number | 'alembic' | null;
  readonly indexNames: readonly string[];
  /** Those that this account sees: an index on another is there or not, and nobody here can tell. */
  readonly columns: readonly string[];
  /** Null where the server is no node of a Galera cluster. */
  readonly galera: { readonly nodes: number; readonly state: string } | null;
  /** Replicas whose lag is watched. */
  readonly replicas: number;
  readonly server: string;
}

/** What our own token tells of all others: by its form which provider Keystone runs, and how long they live. */
export interface OwnToken {
  readonly id: string;
  readonly lifetimeMs: number | null;
}

/** What is swept by age: tokens by when they expired, revocations by when they were made. */
export type SweptTable = 'token' | 'revocation_event';

/** What a purge of `revocation_event` would meet. */
export interface RevocationSurvey extends Pick<TokenSurvey, 'galera' | 'replicas'> {
  /** Rows that were made before the cut-off; null where they could not be counted in time. */
  readonly old: number | null;
  /** An index that begins with `revoked_at`; null where there is none. */
  readonly index: string | null;
  /** As the server estimates it. */
  readonly rows: number;
  readonly dataBytes: number;
}

/** Why the lag of a watched replica is in the way, or cannot be read. */
export interface ReplicaTrouble {
  readonly trouble: string;
  /** It will not pass by itself: the account, the DSN or the list has to be mended. */
  readonly lasting: boolean;
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
  readonly table: SweptTable;
  /** Rows that expired, or were made, before this moment, as the database writes it: naive UTC. */
  readonly cutoff: string;
  readonly archive: boolean;
  readonly purge: boolean;
  /** Along the primary key, or along this index on the rows' age where few are old. */
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
  /** Null where there is no such table. */
  revocationSurvey(cutoff: string, options: { signal: AbortSignal; limitMs: number }): Promise<RevocationSurvey | null>;
  /** How long a token of ours lives from login to its end; null where Keystone does not say. */
  tokenLifetimeMs(): Promise<number | null>;
  /** Whether a row is left that is older than the cut-off; null where that cannot be found out in time. */
  expiredLeft(table: SweptTable, cutoff: string, limitMs: number): Promise<boolean | null>;
  /** Of every watched replica that does not keep up, or cannot be asked. */
  replicaTroubles(): Promise<ReplicaTrouble[]>;
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
