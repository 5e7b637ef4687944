import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRedis } from '../../src/embedded.ts';
import { verifyAudit } from '../../src/policy/audit.ts';
import { type VigieProcess, workersOf } from '../chaos/workers.ts';
import type { Ground } from '../clouds/ground.ts';
import { openStage, type Ran, type Stage } from '../stories/stage.ts';
import { storyPolicy } from '../story.ts';

/** A cloud whose worker is a process that will be killed, and others that take up what it leaves. */
export interface Doomed {
  readonly stage: Stage;
  /** Resolves once it is up. */
  start(more: NodeJS.ProcessEnv): Promise<VigieProcess>;
  /** What becomes of a job whose worker is gone. */
  takenUp(job: string): Promise<Ran>;
  close(): Promise<void>;
}

/** `vigie`: as clouds.yaml would have it, once the database server is known. */
export async function openDoomed(vigie: (server: Ground['databaseServer']) => object): Promise<Doomed> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-doomed-'));
  const redis = await ensureRedis(directory);
  const stage = await openStage({}, { workers: 0, redis: redis.url });
  const { rows } = stage.story.database;
  const startWorker = workersOf({
    ...{ directory, databaseUrl: stage.story.databaseUrl, redisUrl: redis.url, policy: storyPolicy },
    ...{ cloud: stage.cloud.config(), vigie: vigie(stage.cloud.databaseServer) },
  });
  const started: VigieProcess[] = [];
  async function start(more: NodeJS.ProcessEnv): Promise<VigieProcess> {
    const worker = startWorker(more);
    started.push(worker);
    const isUp = async () =>
      (await rows.selectFrom('worker').select('name').execute()).some(({ name }) => name.includes(`-${worker.pid}-`));
    await stage.story.until('the worker is up', isUp, 60_000);
    return worker;
  }
  return {
    stage,
    start,
    async takenUp(job) {
      // Nobody waits for its lease to run out.
      await rows
        .updateTable('job')
        .set({ lease_until: new Date(0) })
        .where('id', '=', job)
        .execute();
      await start({});
      const ran = await stage.ended(job, 120_000);
      if (!(await verifyAudit(rows)).whole) throw new Error('the audit has a gap');
      return ran;
    },
    async close() {
      await Promise.all(started.map((worker) => worker.end()));
      await stage.close();
      await redis.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
