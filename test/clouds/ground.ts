import type { Dsns } from '../../src/openstack/config.ts';

export type FailPhase = 'precheck' | 'pre' | 'run' | 'crash' | 'hang' | 'cold' | 'abort';

export interface ServerWish {
  readonly name: string;
  readonly host: string;
  readonly project: 'alpha' | 'beta';
  /** A server group of that project, by id. */
  readonly group?: string;
}

/** A migration as it began, or one that has changed. */
export interface Entry {
  readonly at: Date;
  readonly migration: number;
  readonly type: string;
  readonly server: string;
  readonly status: string;
  readonly source: string;
  readonly dest: string | null;
  /** Who asked for the migration, by name. */
  readonly by: string;
}

/** What differs between the simulated cloud and the real lab; everything else a story does goes through their APIs. */
export interface Ground {
  readonly kind: 'simulator' | 'openstack';
  readonly authUrl: string;
  readonly region: string;
  readonly dsns: Dsns;
  /** The server that holds all of the cloud's databases, as root; for backups. */
  readonly databaseServer: { readonly root: string; readonly databases: readonly string[] };
  /** How often a waiting step looks, fit for this cloud's pace. */
  readonly pollInterval: number;
  /** A compute host that nobody else uses, up and empty. */
  ownHost(): Promise<string>;
  /** Asks for a server on that host; it may still be building. Returns its id. */
  createServer(wish: ServerWish): Promise<string>;
  killCompute(host: string): Promise<void>;
  startCompute(host: string): Promise<void>;
  freezeCompute(host: string): Promise<void>;
  thawCompute(host: string): Promise<void>;
  /** How long those of this story take. */
  migrationSeconds(seconds: number): Promise<void>;
  /** Migrations of servers whose name or id matches fail in this phase. */
  fail(phase: FailPhase, glob: string): Promise<void>;
  /** Forgets this story's failures; on the lab its migrations take no time again, too. */
  heal(): Promise<void>;
  /** What happened to migrations since the story began, oldest first: its truth, past every API. */
  journal(): Promise<readonly Entry[]>;
  /** Ends the cloud's database server and starts it again; null where it is a server of the story's own. */
  readonly restartDatabase: (() => Promise<void>) | null;
  /** Everything back as it was found; the servers of the story are gone by then. */
  stop(): Promise<void>;
}
