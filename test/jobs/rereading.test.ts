import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepHealth } from '../../src/cloud-health.ts';
import { type Clouds, openClouds } from '../../src/clouds.ts';
import { announceWorker, workersSeen } from '../../src/jobs/workers.ts';
import { type Database, openDatabase } from '../../src/mysql/database.ts';
import { type FakeCloud, loginAnswer, startFakeCloud } from '../openstack-client/fake-cloud.ts';
import { freshDatabase, type TestDatabase } from '../setup/servers.ts';

const login = 'POST /identity/v3/auth/tokens';
let folder: string;
let fake: FakeCloud;
let fresh: TestDatabase;
let database: Database;
let clouds: Clouds;
let logged: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigie-clouds-'));
  fake = await startFakeCloud();
  fake.routes.set('GET /nova/v2.1/flavors', () => ({ body: { flavors: [] } }));
  fake.routes.set(login, ({ body }) =>
    JSON.stringify(body).includes('right')
      ? loginAnswer(fake.url)
      : { status: 401, body: { error: { code: 401, message: 'no', title: 'Unauthorized' } } },
  );
  fresh = await freshDatabase('clouds');
  database = await openDatabase(fresh.url);
  logged = [];
});
afterEach(async () => {
  await clouds.close();
  await database.close();
  await fresh.drop();
  await fake.close();
  await rm(folder, { recursive: true });
});

async function write(password: string): Promise<void> {
  const auth = { auth_url: `${fake.url}/identity`, username: 'vigie', password, project_name: 'admin' };
  const domains = { user_domain_name: 'Default', project_domain_name: 'Default' };
  const entry = { auth: { ...auth, ...domains }, region_name: 'east' };
  await writeFile(join(folder, 'clouds.yaml'), JSON.stringify({ clouds: { prod: entry } }));
}

async function open(password: string): Promise<void> {
  await write(password);
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const files = { cloudsFile: join(folder, 'clouds.yaml'), secureFile: null, cwd: folder, home: folder };
  clouds = openClouds({ ...files, only: null }, { database, log });
}

async function health(): Promise<{ about: string | null; problem: string | null }> {
  for (;;) {
    const found = clouds.health('prod');
    if (found.about !== null || found.problem !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a worker tells what its cloud is', async () => {
  await open('right');
  expect(await health()).toEqual({ about: 'nova 2.93', problem: null });
  const parts = { name: 'w1', database, health: clouds.health, policy: () => ({ hash: 'h' }) };
  // Only what announcing uses.
  await announceWorker(parts as never, 'test', clouds.names);
  expect(await workersSeen(database.rows)).toMatchObject([{ cloud: 'prod', about: 'nova 2.93', problem: null }]);
});

test('a bad credential is tried once, and again only when its file has changed', async () => {
  await open('wrong');
  expect((await health()).problem).toContain('refused');
  const cloud = await clouds.cloud('prod');
  await expect(cloud.services()).rejects.toMatchObject({ problem: 'credential-bad' });
  clouds.reread();
  await expect(cloud.services()).rejects.toMatchObject({ problem: 'credential-bad' });
  expect(fake.count('POST', '/identity/v3/auth/tokens')).toBe(1);

  await write('right one');
  clouds.reread();
  expect(await health()).toEqual({ about: 'nova 2.93', problem: null });
  // The very object that a running drain holds goes on with the new credential.
  expect(await cloud.services()).toHaveLength(1);
});

test('a broken new file keeps the old one, says why, and hides what it holds', async () => {
  await open('right');
  const cloud = await clouds.cloud('prod');
  await health();
  await writeFile(join(folder, 'clouds.yaml'), 'clouds:\n  prod:\n    auth: { password: hunter2\n');
  clouds.reread();
  expect(clouds.health('prod').problem).toMatch(
    /the new clouds\.yaml is broken, the old one stays: .*clouds\.yaml:\d+/,
  );
  expect(logged.join('')).toContain('the old one stays');
  expect(logged.join('')).not.toContain('hunter2');
  expect(await cloud.services()).toHaveLength(1);

  await write('right');
  clouds.reread();
  expect(clouds.health('prod').problem).toBeNull();
});

test('a cloud is asked once a minute, one question at a time, and its silence is told', async () => {
  await open('right');
  let now = 0;
  let asked = 0;
  let answer: () => void = () => {};
  const about = {
    computeVersion: { major: 2, minor: 1 },
    user: 'u',
    userId: null,
    project: 'p',
    roles: [],
    admin: false,
  };
  const keeper = keepHealth(
    () => {
      asked += 1;
      return new Promise((resolve) => {
        answer = () => resolve(about);
      });
    },
    () => now,
  );
  for (now = 0; now < 70_000; now += 5000) keeper.now();
  expect(asked).toBe(1);
  expect(keeper.now().problem).toBe('no answer for 70 s');
  answer();
  await Promise.resolve();
  expect(keeper.now()).toEqual({ about: 'nova 2.1, not as admin', problem: null });
  // More than a minute has gone by: this look asked the next question.
  expect(asked).toBe(2);
  answer();
  await Promise.resolve();
  now += 59_000;
  keeper.now();
  expect(asked).toBe(2);
});
