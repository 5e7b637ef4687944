import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureRedis } from '../../src/embedded.ts';
import { verifyAudit } from '../../src/policy/audit.ts';
import { begin, children } from '../stories/campaigning.ts';
import { onLab, openStage, type Stage } from '../stories/stage.ts';
import { storyPolicy } from '../story.ts';
import { startProcess, type VigieProcess, workersOf } from './workers.ts';

vi.setConfig({ testTimeout: onLab ? 900_000 : 180_000, hookTimeout: 300_000 });

const policy = `${storyPolicy}  'console:local': { cloud: demo }\n`.replace(
  'people:',
  `people:\n  dave: { accounts: ['console:${userInfo().username}'], roles: [operator] }`,
);
const patience = onLab ? 240_000 : 60_000;

let directory: string;
let redis: Awaited<ReturnType<typeof ensureRedis>>;
let stage: Stage;
const alive: VigieProcess[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-campaign-'));
  redis = await ensureRedis(directory);
});
afterEach(async () => {
  await Promise.all(alive.splice(0).map((one) => one.end()));
  await stage?.close();
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** A bot with a terminal and a worker, each a process of its own. */
async function start(startWorker: () => VigieProcess): Promise<VigieProcess> {
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: stage.story.databaseUrl,
    REDIS_URL: redis.url,
    POLICY_FILE: join(directory, 'policy.yaml'),
    CONSOLE: '1',
  };
  const bot = startProcess('bot', env, join(directory, 'bot.log'));
  alive.push(bot, startWorker());
  return bot;
}

async function killAll(): Promise<void> {
  for (const one of alive) one.signal('SIGKILL');
  await Promise.all(alive.splice(0).map((one) => one.end()));
}

async function turnOf(host: string): Promise<string> {
  const { rows } = stage.story.database;
  const found = rows.selectFrom('campaign_host').select('state').where('host', '=', host);
  return (await found.executeTakeFirstOrThrow()).state;
}

test('a campaign over two hosts goes on where it stood when bot and worker are killed, again and again', async () => {
  stage = await openStage({ simulator: { migrateSeconds: 20 } }, { workers: 1, redis: redis.url, policy });
  const { cloud, story } = stage;
  const [first, second] = [await cloud.ownHost(), await cloud.ownHost()];
  const servers = [...(await cloud.servers(2, first)), ...(await cloud.servers(1, second))];
  const startWorker = workersOf({
    directory,
    databaseUrl: story.databaseUrl,
    redisUrl: redis.url,
    policy,
    cloud: cloud.config(),
  });
  const id = await begin(stage, `hosts=${first},${second}`);
  // From here on it is in the hands of processes that are killed.
  await story.bot.stop();
  await Promise.all(story.workers.map((worker) => worker.stop()));
  const reads = (host: string, state: string) =>
    story.until(`${host} is ${state}`, async () => (await turnOf(host)) === state, patience);
  const moves = async () =>
    (await story.database.rows.selectFrom('step').select('state').where('name', '=', 'move').execute()).filter(
      ({ state }) => state === 'running',
    ).length;

  await start(startWorker);
  await reads(first, 'draining');
  await story.until('a server moves', async () => (await moves()) > 0, patience);
  await killAll();

  const bot = await start(startWorker);
  await reads(first, 'working');
  bot.type(`!campaign done ${first}`);
  await reads(first, 'opening');
  await killAll();

  const last = await start(startWorker);
  await reads(second, 'working');
  last.type(`!maintenance ${second} off`);
  const over = async () =>
    (await story.database.rows.selectFrom('campaign').select('state').where('id', '=', id).executeTakeFirst())?.state;
  await story.until('the end', async () => (await over()) === 'done', patience);
  await killAll();

  // Each host was emptied once, each server moved once, and whatever happened is in the audit.
  expect((await children(stage, id)).map(({ line, state }) => `${line}: ${state}`)).toEqual([
    `maintenance ${first} --reason "campaign" --cloud demo: done`,
    `maintenance ${first} off --cloud demo: done`,
    `maintenance ${second} --reason "campaign" --cloud demo: done`,
  ]);
  for (const server of servers) expect(await cloud.migrations(server.id)).toHaveLength(1);
  expect(await verifyAudit(story.database.rows)).toMatchObject({ whole: true });
});
