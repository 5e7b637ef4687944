import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { ensureRedis } from '../../src/embedded.ts';
import { accountOf } from '../chaos/account.ts';
import { brokenRules } from '../chaos/journal.ts';
import { type VigieProcess, workersOf } from '../chaos/workers.ts';
import { storyPolicy } from '../story.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 180_000 });

/** A drain of six servers in the hands of worker processes; none of the moves ends before the cloud is healed. */
interface Drain {
  readonly stage: Stage;
  readonly host: string;
  readonly job: string;
  /** Kills the worker, starts another, and resolves once that one looks after what the first had begun. */
  strike(): Promise<void>;
  close(): Promise<void>;
}

async function begin(lanes: number): Promise<Drain> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-canaries-'));
  const redis = await ensureRedis(directory);
  const stage = await openStage({ simulator: { lanes } }, { workers: 0, redis: redis.url });
  const { cloud, story } = stage;
  const { databaseUrl } = story;
  const start = workersOf({ directory, databaseUrl, redisUrl: redis.url, policy: storyPolicy, cloud: cloud.config() });
  const workers: VigieProcess[] = [start()];
  const host = await cloud.ownHost();
  await cloud.servers(6, host);
  await cloud.fail('hang', `${cloud.prefix}*`);
  const { job } = await stage.plan(`maintenance ${host}`);
  return {
    stage,
    host,
    job,
    async strike() {
      const before = await attempts(stage, job);
      expect(before.size).toBeGreaterThan(0);
      await workers.at(-1)?.end();
      workers.push(start());
      const again = async () => {
        const now = await attempts(stage, job);
        return [...before].every(([step, attempt]) => (now.get(step) ?? 0) > attempt);
      };
      await story.until('another worker goes on', again, 60_000);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.end()));
      await stage.close();
      await redis.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Of each move that has begun, how often a worker took it up. */
async function attempts({ story }: Stage, job: string): Promise<Map<string, number>> {
  const steps = story.database.rows.selectFrom('step').select(['step_key', 'attempt']).where('job', '=', job);
  const begun = await steps.where('name', '=', 'move').where('state', '=', 'running').execute();
  return new Map(begun.map(({ step_key: key, attempt }) => [key, attempt]));
}

/** Servers whose move began before one of them had arrived. */
async function tried({ cloud }: Stage): Promise<Set<string>> {
  const journal = await cloud.journal();
  const left = journal.findIndex(({ status }) => status === 'completed');
  return new Set((left < 0 ? journal : journal.slice(0, left)).map(({ server }) => server));
}

async function endsProven({ stage, host, job }: Drain, lanes: number): Promise<void> {
  await stage.cloud.heal();
  expect(await stage.ended(job, 90_000)).toMatchObject({ state: 'done' });
  const { moves, ...account } = await accountOf(stage, [{ host, job }]);
  expect(moves).toBe(6);
  expect(account).toEqual({ twice: [], forgotten: [], unwritten: [], askedTwice: [] });
  expect(brokenRules(await stage.cloud.journal(), new Map(), lanes)).toEqual({
    ahead: [],
    together: [],
    overlapping: [],
  });
}

for (const { lanes, posted } of [
  { lanes: 4, posted: 4 },
  // One on its way, one in Nova's queue, one not posted.
  { lanes: 1, posted: 2 },
])
  test.concurrent(`the worker is killed while ${posted} of the first four are on their way: another waits for them, and posts none again`, async () => {
    const drain = await begin(lanes);
    const { stage, job } = drain;
    try {
      await stage.approve(job);
      await stage.story.until(`${posted} are posted`, async () => (await tried(stage)).size === posted);
      await drain.strike();
      // Time enough to post what must not be posted.
      await delay(3000);
      expect((await tried(stage)).size).toBe(posted);
      await endsProven(drain, lanes);
      expect((await tried(stage)).size).toBeLessThanOrEqual(4);
    } finally {
      await drain.close();
    }
  });

test.concurrent('the worker is killed while Nova has not answered the first request: another finds its move, and posts the three others', async () => {
  const drain = await begin(4);
  const { stage, job } = drain;
  try {
    // Five seconds: longer than the worker lives.
    await stage.cloud.control?.wire({ path: '/action', method: 'POST', delay: 100_000 });
    const reached = requestTo(stage);
    await stage.approve(job);
    await reached;
    await drain.strike();
    await stage.story.until('all four are on their way', async () => (await tried(stage)).size === 4);
    await delay(3000);
    expect((await tried(stage)).size).toBe(4);
    await endsProven(drain, 4);
  } finally {
    await drain.close();
  }
});

/** Resolves when the simulated cloud, which is in this process, hears that a server shall be moved. */
async function requestTo({ cloud }: Stage): Promise<void> {
  const heard = new EventTarget();
  const note = (message: unknown) => {
    const { request } = message as { request: IncomingMessage };
    const ours = String(request.socket.localPort) === new URL(cloud.authUrl).port;
    if (ours && request.method === 'POST' && request.url?.endsWith('/action')) heard.dispatchEvent(new Event('move'));
  };
  subscribe('http.server.request.start', note);
  await once(heard, 'move');
  unsubscribe('http.server.request.start', note);
}
