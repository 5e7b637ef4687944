import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase, redisPrefix, redisUrl } from './setup/servers.ts';

const directories: string[] = [];
const running = new Set<ChildProcess>();

afterAll(async () => {
  await Promise.all([...running].map(kill));
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

test('a test file has a database of its own', async () => {
  const database = await freshDatabase();
  expect(await query(database.url, 'SELECT DATABASE() AS name')).toEqual([{ name: database.name }]);
  await database.drop();
});

test('ioredis takes the url of the private Redis as it is', async () => {
  const redis = new Redis(redisUrl(), { keyPrefix: `${redisPrefix()}:` });
  await redis.set('word', 'lookout');
  expect(await redis.get('word')).toBe('lookout');
  expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  redis.disconnect();
});

test('after kill -9 the next start finds everything that was written', async () => {
  const directory = stateDirectory();
  const first = await start(directory);
  await query(first.mariadb, 'CREATE TABLE lookout (word VARCHAR(20)) ENGINE=InnoDB');
  await query(first.mariadb, "INSERT INTO lookout VALUES ('ahoy')");
  await withRedis(first.redis, (redis) => redis.set('word', 'ahoy'));
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // Redis writes its file once a second
  await kill(first.child);

  const second = await start(directory);
  expect(await query(second.mariadb, 'SELECT word FROM lookout')).toEqual([{ word: 'ahoy' }]);
  expect(await withRedis(second.redis, (redis) => redis.get('word'))).toBe('ahoy');
  await kill(second.child);
}, 30_000);

test('a second start is refused by name and disturbs nothing', async () => {
  const directory = stateDirectory();
  const first = await start(directory);
  const second = await firstLine(program(directory));
  expect(second).toBe(
    `Process ${first.child.pid} already runs in ${directory}: use that one, or start another with VIGIE_STATE=/some/other/directory.`,
  );
  expect(await withRedis(first.redis, (redis) => redis.ping())).toBe('PONG');
  await kill(first.child);
}, 30_000);

test('of many that find a dead owner at once, one takes its place', async () => {
  const directory = stateDirectory();
  writeFileSync(join(directory, 'lock.7'), '{"pid":1,"born":"long ago"}');
  const lines = await Promise.all([1, 2, 3, 4, 5, 6].map(() => firstLine(program(directory, 'lock'))));
  expect(lines.filter((line) => line.startsWith('up'))).toHaveLength(1);
}, 30_000);

test('a half-made data directory is made anew, and a long state directory gets a short socket', async () => {
  const directory = join(stateDirectory(), 'deep'.repeat(25));
  mkdirSync(join(directory, 'mariadb.new-1-2', 'mysql'), { recursive: true });
  const { child, mariadb, redis } = await start(directory);
  expect(await query(mariadb, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(Buffer.byteLength(redis)).toBeLessThan(100);
  await kill(child);
}, 30_000);

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-embedded-'));
  directories.push(directory);
  return directory;
}

function program(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/programs/private-servers.ts', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function start(directory: string): Promise<{ child: ChildProcess; redis: string; mariadb: string }> {
  const child = program(directory);
  const [, redis = '', mariadb = ''] = (await firstLine(child)).split(' ');
  return { child, redis, mariadb };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) return '';
  for await (const line of createInterface(child.stdout)) return line;
  return '';
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  if (child.kill('SIGKILL')) await ended;
}

async function query(url: string, sql: string): Promise<unknown> {
  const connection = await createConnection(url);
  const [rows] = await connection.query(sql);
  await connection.end();
  return rows;
}

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  return work(redis).finally(() => redis.disconnect());
}
