import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureRedis, type PrivateServer } from '../../src/embedded.ts';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let directory: string;
let redis: PrivateServer;
let stage: Stage;
let host: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vigie-redis-'));
  redis = await ensureRedis(directory);
  stage = await openStage({ simulator: { migrateSeconds: 10 } }, { redis: redis.url });
  host = await stage.cloud.ownHost();
  await stage.cloud.servers(4, host);
  if (onLab) await stage.cloud.migrationSeconds(2);
});
afterEach(async () => {
  await stage?.close();
  await redis.stop();
  await rm(directory, { recursive: true, force: true });
});

async function underWay(): Promise<string> {
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  await stage.cloud.until('one has moved', async () => (await stage.cloud.on(host)).length < 4);
  return job;
}

test('Redis is wiped in the middle of a drain: the drain ends, true, and the next line is answered', async () => {
  const job = await underWay();
  const client = new Redis(redis.url.slice('unix://'.length));
  await client.flushall();
  await client.quit();
  expect((await stage.ended(job)).state).toBe('done');
  expect(await stage.cloud.on(host)).toEqual([]);
  expect(await stage.say('rita', `host ${host}`)).toContain(host);
});

test('Redis goes away in the middle of a drain: it ends all the same, and lines are answered late but answered', async () => {
  const job = await underWay();
  await redis.stop();
  expect((await stage.ended(job)).state).toBe('done');
  expect(await stage.cloud.on(host)).toEqual([]);
  const asked = performance.now();
  expect(await stage.say('rita', `host ${host}`)).toContain(host);
  expect(performance.now() - asked).toBeLessThan(20_000);
});
