import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureRedis } from '../../src/embedded.ts';
import { verifyAudit } from '../../src/policy/audit.ts';
import { onLab } from '../clouds.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import { storyPolicy } from '../story.ts';
import { accountOf } from './account.ts';
import { brokenRules } from './journal.ts';
import { type VigieProcess, workersOf } from './workers.ts';

const drains = 50;

// Fifty hosts are more than the lab has.
test.skipIf(onLab)(
  `${drains} drains at once over five workers, one of which is killed: every server moves once`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vigie-fifty-'));
    const redis = await ensureRedis(directory);
    const stage = await openStage(
      { simulator: { hosts: drains + 10, migrateSeconds: 400 } },
      { workers: 0, redis: redis.url },
    );
    const { databaseUrl } = stage.story;
    const cloud = stage.cloud.config();
    const start = workersOf({ directory, databaseUrl, redisUrl: redis.url, policy: storyPolicy, cloud });
    const workers: VigieProcess[] = [];
    try {
      for (let n = 0; n < 5; n += 1) workers.push(start());
      await stage.story.until('five workers are up', async () => (await workersUp(stage)) === 5, 60_000);
      const jobs = await planAll(stage);
      await tenAtATime(jobs, ({ job }) => stage.approve(job));
      await drainAll(stage, workers, jobs);
    } finally {
      await Promise.all(workers.map((worker) => worker.end()));
      await stage.close();
      await redis.stop();
      await rm(directory, { recursive: true, force: true });
    }
  },
);

interface Drain {
  readonly host: string;
  readonly job: string;
}

async function planAll(stage: Stage): Promise<Drain[]> {
  const hosts: string[] = [];
  for (let n = 0; n < drains; n += 1) hosts.push(await stage.cloud.ownHost());
  await Promise.all(hosts.map((host) => stage.cloud.servers(3, host)));
  // Closed by their owners before: else the first drains move onto hosts whose turn comes, and people are asked.
  await tenAtATime(hosts, (host) => stage.cloud.disable(host));
  return tenAtATime(hosts, async (host) => ({ host, job: (await stage.plan(`maintenance ${host}`)).job }));
}

async function drainAll(stage: Stage, workers: readonly VigieProcess[], jobs: readonly Drain[]): Promise<void> {
  const began = performance.now();
  await stage.story.until('nearly all run', async () => (await inState(stage, 'running')) >= drains * 0.8, 120_000);
  const owners = await ownersOf(stage);
  const largest = Math.max(...workers.map(({ pid }) => residentMiB(pid)));
  const victim = workers.find(({ pid }) => owners.some((owner) => owner.includes(`-${pid}-`)));
  expect(victim).toBeDefined();
  victim?.signal('SIGKILL');
  await stage.story.until('all are over', async () => (await openOnes(stage)) === 0, 300_000);
  expect(await ends(stage)).toEqual(new Map([['done', drains]]));
  const took = (performance.now() - began) / 1000;
  console.info(
    `${drains} drains in ${took.toFixed(0)} s, ${owners.length} workers at work, the largest ${largest} MiB`,
  );
  const { moves, ...account } = await accountOf(stage, jobs);
  expect(account).toEqual({ twice: [], forgotten: [], unwritten: [], askedTwice: [] });
  expect(moves).toBe(drains * 3);
  expect(brokenRules(await stage.cloud.journal(), new Map())).toEqual({ ahead: [], together: [], overlapping: [] });
  expect(owners.length).toBeGreaterThan(1);
  expect((await verifyAudit(stage.story.database.rows)).whole).toBe(true);
}

/** People are many, but not that many in one second. */
async function tenAtATime<T, R>(all: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < all.length; at += 10) results.push(...(await Promise.all(all.slice(at, at + 10).map(act))));
  return results;
}

async function workersUp({ story }: Stage): Promise<number> {
  return (await story.database.rows.selectFrom('worker').select('name').execute()).length;
}

async function inState({ story }: Stage, state: 'running' | 'done'): Promise<number> {
  const jobs = story.database.rows.selectFrom('job').select('id').where('command', '=', 'maintenance');
  return (await jobs.where('state', '=', state).execute()).length;
}

async function openOnes({ story }: Stage): Promise<number> {
  const open = ['planning', 'awaiting', 'queued', 'running', 'asking', 'parked'] as const;
  const jobs = story.database.rows.selectFrom('job').select('id').where('command', '=', 'maintenance');
  return (await jobs.where('state', 'in', open).execute()).length;
}

async function ends({ story }: Stage): Promise<Map<string, number>> {
  const jobs = story.database.rows.selectFrom('job').select(['state', 'reason']).where('command', '=', 'maintenance');
  const ended = new Map<string, number>();
  for (const { state, reason } of await jobs.execute()) {
    const how = reason === null ? state : `${state}: ${reason}`;
    ended.set(how, (ended.get(how) ?? 0) + 1);
  }
  return ended;
}

/** Workers that own a running job. */
async function ownersOf({ story }: Stage): Promise<string[]> {
  const running = story.database.rows.selectFrom('job').select('worker').where('state', '=', 'running');
  return [...new Set((await running.execute()).flatMap(({ worker }) => worker ?? []))];
}

/** Linux tells it in kB. */
function residentMiB(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
