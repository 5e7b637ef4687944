import type { Json } from './outcome.ts';

/**
 * Something that must end: a host vigie disabled, a server it protects. `detail` is the command's own (what was found
 * before, so that it can be put back). When `until` passes nothing is undone by itself: people are told, with the line.
 */
export interface Lease {
  readonly kind: 'host' | 'server';
  readonly cloud: string;
  /** The host's name or the server's uuid. */
  readonly subject: string;
  readonly owner: string;
  readonly reason: string;
  readonly job: string;
  readonly since: Date;
  readonly until: Date | null;
  readonly detail: Json;
}

export interface LeaseReader {
  find(kind: Lease['kind'], subject: string): Promise<Lease | null>;
  list(kind: Lease['kind']): Promise<Lease[]>;
}

/** Writes are fenced by the job's epoch, and each is audited. `undo` is the line that would end it. */
export interface LeaseWriter extends LeaseReader {
  /** Takes or renews: one row per kind, cloud and subject. */
  take(lease: {
    kind: Lease['kind'];
    subject: string;
    reason: string;
    until: Date | null;
    detail: Json;
    undo: string;
  }): Promise<void>;
  end(kind: Lease['kind'], subject: string): Promise<void>;
}
