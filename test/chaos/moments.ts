import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureRedis } from '../../src/embedded.ts';
import { verifyAudit } from '../../src/policy/audit.ts';
import { onLab } from '../clouds.ts';
import { chance, seed } from '../setup/chance.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import { storyPolicy } from '../story.ts';
import { type Account, accountOf } from './account.ts';
import { type Broken, brokenRules, lanesOf, membersApart } from './journal.ts';
import { drainFaults, strikeAnything } from './trouble.ts';
import { botsOf, type VigieProcess, workersOf } from './workers.ts';

export interface Chaos {
  /** Moments that hit a worker in the middle of a drain. */
  readonly struck: number;
  readonly drains: readonly { readonly host: string; readonly state: string }[];
  readonly account: Account;
  readonly broken: Broken;
  readonly auditWhole: boolean;
}

interface Wish {
  /** Anything: workers and bots killed or frozen, errors, timeouts, and the cloud's services restarted. */
  readonly how: 'kill' | 'freeze' | 'anything';
  readonly moments: number;
  readonly servers: number;
}

/** So many drains at most hold twenty moments, and more of them more. */
function mostDrains(moments: number): number {
  return Math.max(3, Math.ceil(moments / 7));
}

/**
 * Drains hosts with real worker processes, and strikes the one that owns the job at random moments: killed, or frozen
 * for longer than its lease and thawed while another is at work. What came of it is counted in Nova's own records.
 */
export async function strikeWorkers(wish: Wish): Promise<Chaos> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-chaos-'));
  const redis = await ensureRedis(directory);
  const simulator = { migrateSeconds: 30, hosts: mostDrains(wish.moments) + 3, lanes: lanesOf(seed + wish.how.length) };
  const stage = await openStage({ simulator }, { workers: 0, redis: redis.url });
  const { databaseUrl } = stage.story;
  const cloud = stage.cloud.config();
  // Answers that take longer than this are lost.
  const more = { api_timeout: 3 };
  const start = workersOf({ directory, databaseUrl, redisUrl: redis.url, policy: storyPolicy, cloud, more });
  const workers = [start(), start()];
  const startBot = botsOf({ directory, databaseUrl, redisUrl: redis.url });
  const bots = wish.how === 'anything' ? [startBot()] : [];
  try {
    await stage.story.until('both workers are up', async () => (await workersUp(stage)) === 2, 60_000);
    return await strike(stage, wish, { workers, start, bots, startBot });
  } finally {
    await Promise.all([...workers, ...bots].map((one) => one.end()));
    await stage.close();
    await redis.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function workersUp({ story }: Stage): Promise<number> {
  return (await story.database.rows.selectFrom('worker').select('name').execute()).length;
}

export interface Troop {
  /** The last that were started; two are alive at a time. */
  readonly workers: VigieProcess[];
  start(): VigieProcess;
  /** The last is the one that lives. */
  readonly bots: VigieProcess[];
  startBot(): VigieProcess;
}

async function strike(stage: Stage, wish: Wish, troop: Troop): Promise<Chaos> {
  const random = chance(seed + ['kill', 'freeze', 'anything'].indexOf(wish.how));
  const { cloud } = stage;
  if (onLab) await cloud.migrationSeconds(2);
  const ended: { host: string; state: string; job: string }[] = [];
  let struck = 0;
  const first = await cloud.ownHost();
  const apart = await membersApart(stage, first, await cloud.ownHost());
  while (ended.length < mostDrains(wish.moments) && struck < wish.moments) {
    await drainFaults(stage);
    const host = ended.length === 0 ? first : await cloud.ownHost();
    await cloud.servers(wish.servers, host);
    const { job } = await stage.plan(`maintenance ${host}`);
    await stage.approve(job);
    struck += await strikeDrain(stage, troop, { job, how: wish.how, most: wish.moments - struck, random });
    await stage.story.until(`the end of ${job}`, async () => isOver(await stage.story.state(job)), 240_000);
    ended.push({ host, state: await stage.story.state(job), job });
  }
  await drainFaults(stage);
  const account = await accountOf(stage, ended);
  const auditWhole = (await verifyAudit(stage.story.database.rows)).whole;
  const broken = brokenRules(await cloud.journal(), apart, lanesOf(seed + wish.how.length));
  return { struck, drains: ended, account, broken, auditWhole };
}

interface Strikes {
  readonly job: string;
  readonly how: Wish['how'];
  readonly most: number;
  random(): number;
}

/** Strikes until the job is over or all moments are used. Returns how many there were. */
async function strikeDrain(stage: Stage, troop: Troop, { job, how, most, random }: Strikes): Promise<number> {
  let struck = 0;
  let last = '';
  while (struck < most) {
    const owner = await ownerOf(stage, job, last);
    if (owner === null) return struck;
    await delay(random() * 2500);
    const now = await ownerOf(stage, job, '');
    const victim = troop.workers.find(({ pid }) => owner.includes(`-${pid}-`));
    if (now === null || victim === undefined) return struck;
    struck += 1;
    last = owner;
    const strikes = { kill: () => kill(troop, victim), freeze: () => freeze(stage, job, victim, owner) };
    if (how === 'anything') last = await strikeAnything(stage, troop, { ...strikes, owner, random });
    else await strikes[how]();
  }
  return struck;
}

async function kill(troop: Troop, victim: VigieProcess): Promise<void> {
  victim.signal('SIGKILL');
  troop.workers.push(troop.start());
}

/** Thawed only once another owns the job: it must find out by itself that it is no longer the one. */
async function freeze(stage: Stage, job: string, victim: VigieProcess, owner: string): Promise<void> {
  victim.signal('SIGSTOP');
  await ownerOf(stage, job, owner);
  await delay(500);
  victim.signal('SIGCONT');
}

/** The worker that owns the job, once it is another than `not`; null when the job is over. */
async function ownerOf(stage: Stage, job: string, not: string): Promise<string | null> {
  for (const until = performance.now() + 90_000; performance.now() < until; await delay(50)) {
    const { rows } = stage.story.database;
    const row = await rows
      .selectFrom('job')
      .select(['state', 'worker'])
      .where('id', '=', job)
      .executeTakeFirstOrThrow();
    if (isOver(row.state)) return null;
    if (row.worker !== null && row.worker !== not && row.state !== 'queued') return row.worker;
  }
  throw new Error(`nobody took ${job} over within 90 s`);
}

function isOver(state: string): boolean {
  return ['done', 'partial', 'failed', 'cancelled', 'stale', 'expired'].includes(state);
}
