import type { DumpFacts } from './dump-facts.ts';

export type { DumpedDatabase, DumpFacts } from './dump-facts.ts';

/** A database server whose databases are dumped together, in one snapshot. */
export interface DumpServer {
  readonly name: string;
  readonly databases: readonly string[];
}

/** What a dump of a server would meet. */
export interface DumpSurvey {
  readonly version: string;
  /** As the server estimates it, data without indexes. */
  readonly bytes: number;
  readonly tables: number;
  /** On the server and in nobody's list. */
  readonly unlisted: readonly string[];
  /** Tables of engines that know no snapshot: they are dumped as they are when their turn comes. */
  readonly outside: readonly string[];
}

/** Where this worker writes dumps, and whether it can prove them. */
export interface DumpPlace {
  readonly host: string;
  /** `ctl1:/var/lib/vigie/backups`, `s3://vigie/prod-eu` */
  readonly target: string;
  /** Null where nobody can say. */
  readonly freeBytes: number | null;
  /** Of the public key they are sealed to; null where they are written in clear. */
  readonly keyId: string | null;
  /** A second target, which is told to be off this host. */
  readonly copies: string | null;
  /** Proven ones that stay for each server. */
  readonly keep: number;
  readonly keys: DumpFacts['keys'];
}

/** `unseen`: where a stored dump may well be, and nobody here can look; in words that follow `2 h ago, `. */
export type Presence = 'there' | 'gone' | { readonly unseen: string };

export interface DumpOrder extends DumpServer {
  readonly job: string;
  readonly human: string;
  readonly signal: AbortSignal;
  /** When the step first began: a dump that is made again has the same name. */
  readonly began: Date;
}

/** How far a dump or a proof has come; told at least once a second. */
export interface DumpProgress {
  readonly doing: string;
  readonly rawBytes: number;
}

/** A stored dump, and what vigie's own row says of it: a manifest lies where its file lies. */
export interface StoredDump {
  readonly path: string;
  readonly facts: DumpFacts;
  readonly signal: AbortSignal;
}

/** `unproven`: nothing is known of the dump, for it could not be tried here; `failed`: this dump cannot be restored. */
export type Proof =
  | {
      readonly verdict: 'proven';
      /** From the stored file to a server that holds it all: what a restore takes at least. */
      readonly restoreSeconds: number;
      readonly checkSeconds: number;
      readonly tables: number;
      readonly rows: number;
      readonly said: readonly string[];
    }
  | { readonly verdict: 'unproven' | 'failed'; readonly why: string };

export interface DumpsReader {
  /** As clouds.yaml has them. Throws `UserError` with what to configure. */
  servers(): readonly DumpServer[];
  /** Throws `UserError` where a dump could not be made, or would leave something out without a word. */
  survey(server: DumpServer, limits: { signal: AbortSignal }): Promise<DumpSurvey>;
  /** Throws `UserError` where nobody said how dumps are sealed, or what leaves this host would not be. */
  place(): Promise<DumpPlace>;
  /** Throws `UserError` where a dump could not be written now. */
  ready(): Promise<void>;
  /** Whether a dump and its manifest are where they were written. */
  look(dump: Omit<StoredDump, 'signal'>): Promise<Presence>;
  /** Of the bucket that a dump is in; null where it is a file. */
  endpointOf(path: string): string | null;
}

export interface Dumps extends DumpsReader {
  /** Ends with the facts; leaves nothing behind where it does not come to its end. */
  dump(order: DumpOrder): AsyncGenerator<DumpProgress, { path: string; facts: DumpFacts }>;
  /** Copies a dump to the second target and reads it back from there; where it is. Null where there is none. */
  copy(dump: StoredDump): Promise<string | null>;
  /** Restores it into a server of its own and looks at everything there. */
  prove(dump: StoredDump): AsyncGenerator<DumpProgress, Proof>;
  remove(path: string): Promise<void>;
}
