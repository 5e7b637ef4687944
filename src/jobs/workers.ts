import type { Database, Rows, Work } from '../mysql/database.ts';
import type { WorkerParts } from './parts.ts';
import { dbIn, dbNow } from './store.ts';

/** A worker that has not been seen for this long serves nobody. */
export const workerGoneMs = 15_000;

/** Says that this worker lives, for each of its clouds, with its version and the policy it reads. */
export async function announceWorker(parts: WorkerParts, version: string, clouds: readonly string[]): Promise<void> {
  for (const cloud of clouds) {
    const { about, problem } = parts.health?.(cloud) ?? { about: null, problem: null };
    const fresh = { version, policy_hash: parts.policy().hash, last_seen: dbNow, about, problem };
    await parts.database.rows
      .insertInto('worker')
      .values({ name: parts.name, cloud, ...fresh, started_at: dbNow })
      .onDuplicateKeyUpdate(fresh)
      .execute();
  }
}

export async function forgetWorker(database: Database, name: string): Promise<void> {
  await database.rows
    .updateTable('worker')
    .set({ last_seen: dbIn(-workerGoneMs), problem: 'stopped' })
    .where('name', '=', name)
    .execute();
}

export interface WorkerSeen {
  readonly name: string;
  readonly cloud: string;
  readonly version: string;
  readonly policyHash: string;
  readonly problem: string | null;
  readonly about: string | null;
  readonly lastSeen: Date;
  readonly alive: boolean;
}

/** Workers of the last week, newest first: the bot knows clouds only by them. */
export async function workersSeen(rows: Rows | Work): Promise<WorkerSeen[]> {
  const found = await rows
    .selectFrom('worker')
    .selectAll()
    .select((one) => one('last_seen', '>', dbIn(-workerGoneMs)).as('alive'))
    .where('last_seen', '>', dbIn(-7 * 86_400_000))
    .orderBy('cloud')
    .orderBy('last_seen', 'desc')
    .execute();
  return found.map((row) => ({
    name: row.name,
    cloud: row.cloud,
    version: row.version,
    policyHash: row.policy_hash,
    problem: row.problem,
    about: row.about,
    lastSeen: row.last_seen,
    alive: Number(row.alive) === 1,
  }));
}
