import type { Registry } from '../command/registry.ts';
import type { Log } from '../log.ts';
import type { Database } from '../mysql/database.ts';
import type { Cloud } from '../openstack/cloud.ts';
import type { Policy } from '../policy/policy.ts';
import type { Bells } from './queue.ts';
import type { Tenures } from './tenure.ts';

/** What a worker is made of. */
export interface WorkerParts {
  /** Unique to this process: `host-pid-random`. */
  readonly name: string;
  readonly database: Database;
  readonly bells: Bells;
  readonly registry: Registry;
  readonly tenures: Tenures;
  readonly log: Log;
  /** The policy as it stands now (SIGHUP may change it). */
  policy(): Policy;
  /** Throws `UserError` for a cloud that this worker does not serve. */
  cloud(name: string): Promise<Cloud>;
  /** What is known of a cloud without waiting for it. */
  health?(name: string): { readonly about: string | null; readonly problem: string | null };
  now(): Date;
}
