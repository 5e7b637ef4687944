import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureMariadb, type PrivateServer } from '../../src/embedded.ts';
import { verifyAudit } from '../../src/policy/audit.ts';
import { onLab } from '../clouds.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import { accountOf } from './account.ts';

let directory: string;
let server: PrivateServer;
let stage: Stage;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vigie-chaos-'));
  server = await ensureMariadb(directory);
});
afterEach(async () => {
  await stage?.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A drain with a few servers gone and the rest to come. */
async function underWay(servers: number): Promise<{ host: string; job: string }> {
  const { cloud } = stage;
  const host = await cloud.ownHost();
  await cloud.servers(servers, host);
  if (onLab) await cloud.migrationSeconds(2);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  await cloud.until('two have moved', async () => (await cloud.on(host)).length <= servers - 2);
  return { host, job };
}

async function endsTrue({ host, job }: { host: string; job: string }): Promise<void> {
  expect(await stage.ended(job)).toMatchObject({ state: 'done' });
  expect(await accountOf(stage, [{ host, job }])).toMatchObject({
    moves: 8,
    twice: [],
    forgotten: [],
    unwritten: [],
    askedTwice: [],
  });
  expect(await verifyAudit(stage.story.database.rows)).toMatchObject({ whole: true });
}

test("vigie's MariaDB is killed in the middle of a drain and comes back: the job ends, true", async () => {
  const name = await database(server.url);
  stage = await openStage({ simulator: { migrateSeconds: 20 } }, { databaseUrl: name });
  const drain = await underWay(8);
  const [pid] = (await readFile(join(directory, 'mariadb.pid'), 'utf8')).split(' ');
  process.kill(Number(pid), 'SIGKILL');
  await delay(3000);
  server = await ensureMariadb(directory);
  await endsTrue(drain);
});

test("vigie's MariaDB is away for longer than a lease: the job is taken up again and ends, true", async () => {
  const name = await database(server.url);
  stage = await openStage({ simulator: { migrateSeconds: 20 } }, { databaseUrl: name });
  const drain = await underWay(8);
  await server.stop();
  await delay(20_000);
  server = await ensureMariadb(directory);
  await endsTrue(drain);
});

test("the cloud's MariaDB is restarted in the middle of a drain: the job ends, true", async () => {
  stage = await openStage({ simulator: { migrateSeconds: 20, mysql: server.url } });
  const drain = await underWay(8);
  const { restartDatabase } = stage.cloud;
  if (restartDatabase === null) {
    await server.stop();
    await delay(3000);
    server = await ensureMariadb(directory);
  } else await restartDatabase();
  await endsTrue(drain);
});

async function database(url: string): Promise<string> {
  const connection = await createConnection(url);
  await connection.query('CREATE DATABASE vigie CHARACTER SET utf8mb4');
  await connection.end();
  const named = new URL(url);
  named.pathname = '/vigie';
  return named.href;
}
