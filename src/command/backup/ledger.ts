import type { DumpFacts } from '../../openstack/cloud.ts';

/**
 * What vigie knows of one dump: the row is the truth, whatever lies on a disk. `proven`: restored and looked at from end to end,
 * and only then called a backup; `unproven`: nobody could try it yet; `failed`: tried, or looked at, and not what it should be.
 */
export interface Backup {
  readonly name: string;
  readonly server: string;
  readonly host: string;
  readonly path: string;
  readonly state: 'unproven' | 'proven' | 'failed';
  /** Why it is not proven. */
  readonly why: string;
  readonly facts: DumpFacts;
  readonly dumpedAt: Date;
  readonly provenAt: Date | null;
  readonly restoreSeconds: number | null;
}

export interface BackupReader {
  /** Those whose files should be there, newest first. */
  list(server?: string): Promise<Backup[]>;
  find(name: string): Promise<Backup | null>;
}

/** Writes are fenced by the job's epoch, and each is audited. */
export interface BackupWriter extends BackupReader {
  written(backup: Pick<Backup, 'path' | 'facts' | 'state' | 'why'>): Promise<void>;
  tried(name: string, verdict: Verdict): Promise<void>;
  removed(name: string): Promise<void>;
}

export type Verdict =
  | { readonly state: 'proven'; readonly restoreSeconds: number }
  | { readonly state: 'unproven' | 'failed'; readonly why: string };
