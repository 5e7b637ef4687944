import type { RequestLimits } from './cloud.ts';
import type { Dumps, DumpsReader } from './dump-ports.ts';
import type { HostName, ServerId } from './names.ts';
import type { Edits, EditsReader } from './runbook-ports.ts';
import type { Tokens, TokensReader } from './token-ports.ts';

/** The operators' nova and keystone databases. Rows read with parameters and a time limit. */
export interface DatabasesReader extends TokensReader, EditsReader {
  /** The flag as it stands in the server's cell. */
  instance(id: ServerId): Promise<InstanceRow | null>;
  /**
   * The zone its owner asked for at boot, from nova_api's request_specs; null: none. Undefined where that cannot be read.
   * Not `instances.availability_zone`: Nova writes the chosen host's zone there for every server.
   */
  requestedZone(id: ServerId): Promise<string | null | undefined>;
  /** Every living instance whose disable_terminate is set, in all cells that are configured. */
  protectedInstances(): Promise<InstanceRow[]>;
  /** Cells that Nova has and no DSN is configured for: what lies there is not seen. */
  cellsWithoutDsn(): Promise<string[]>;
  tokens(options: { signal: AbortSignal; limitMs: number; fullScan: boolean }): Promise<TokenTable>;
  /** What grows in a cloud whose tokens are not rows: counts by table, null where it could not be read. */
  growth(options: { signal: AbortSignal; limitMs: number }): Promise<GrowthCount[]>;
  /** Dumps of whole databases, to be proven and then called backups. */
  readonly dumps: DumpsReader;
}

export interface Databases extends DatabasesReader, Tokens, Edits {
  /** Exactly one living row in exactly one cell, or `UserError`. Reads back what it wrote. */
  setDisableTerminate(id: ServerId, on: boolean, limits: RequestLimits): Promise<InstanceRow>;
  readonly dumps: Dumps;
}

export interface InstanceRow {
  readonly id: ServerId;
  readonly name: string | null;
  readonly host: HostName | null;
  readonly cell: string;
  readonly vmState: string | null;
  readonly taskState: string | null;
  readonly disableTerminate: boolean;
}

export interface TokenTable {
  readonly exists: boolean;
  /** The provider as far as it can be found out: a token of our own tells (fernet `gAAAA`, uuid 32 hex, PKI long). */
  readonly provider: 'uuid' | 'pki' | 'fernet' | 'jws' | 'unknown';
  /** Whether our own token is a row here: UUID and PKI tokens may live in memcache. Null where nobody looked. */
  readonly stored: boolean | null;
  readonly indexes: readonly string[];
  /** Rows as the server estimates them (information_schema): may be off by a factor of three. */
  readonly estimate: number;
  readonly dataBytes: number;
  /** Null where counting would have been a full scan that nobody asked for, or ran out of time; `revoked` where only that would. */
  readonly counts: { live: number; expired: number; revoked: number | null } | null;
  /** Rows by the day they expire, oldest first. */
  readonly histogram: readonly { day: string; rows: number }[];
  readonly oldest: Date | null;
  readonly seconds: number;
}

export interface GrowthCount {
  readonly database: string;
  readonly table: string;
  readonly what: string;
  readonly rows: number | null;
  readonly why: string | null;
}
