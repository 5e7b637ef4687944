import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openFrames } from '../../src/archive/reader.ts';
import { type OwnServer, ownServer } from './server.ts';
import { openSweeping, type Sweeping, slowWrites } from './sweeping.ts';
import { archiveFolder, balance, fillTokens, number, tokenTable } from './tokens.ts';

let server: OwnServer;
let root: Connection;
let place: ReturnType<typeof archiveFolder>;
let sweeping: Sweeping | null = null;
beforeAll(async () => {
  server = await ownServer(['--skip-log-bin']);
  await server.start();
});
afterAll(() => server.drop());
beforeEach(async () => {
  root = await server.connect();
  await root.query('DROP DATABASE IF EXISTS keystone');
  await root.query('CREATE DATABASE keystone');
  await root.query('USE keystone');
  await root.query(tokenTable);
  await fillTokens(root, 'keystone', 8000, 1500);
  place = archiveFolder();
});
afterEach(async () => {
  await sweeping?.close();
  sweeping = null;
  root.destroy();
  place.drop();
});

const archive = (folder = place.folder) => ({ folder, publicKey: 'none', privateKey: null });
const dsns = () => ({ keystone: server.dsn('keystone') });

async function expectBalance(left: number): Promise<void> {
  const fresh = await server.connect();
  const found = await balance(fresh, 'keystone', { folder: place.folder });
  await fresh.end();
  expect(found).toMatchObject({ lost: 0, livingGone: 0, left });
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'the server goes away by %s in the middle and comes back: it goes on and ends',
  async (how) => {
    sweeping = openSweeping({
      dsns: dsns(),
      archive: archive(),
      onChunk: async (chunk) => {
        if (chunk !== 4) return;
        void server
          .stop(how)
          .then(() => delay(300))
          .then(() => server.start());
        await delay(100);
      },
      pauseMs: 300,
    });
    expect(await sweeping.run()).toMatchObject({ state: 'done' });
    expect(sweeping.notes.join('\n')).toMatch(/closed the connection|cannot be reached/);
    await expectBalance(0);
  },
);

/** Null where nobody may mount: who is root in a container is not root of the machine. */
function smallDisk(size: string): string | null {
  const small = join(place.folder, 'small');
  mkdirSync(small);
  const options = ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', small];
  return spawnSync('mount', options, { stdio: 'ignore' }).status === 0 ? small : null;
}

test('a disk that is full stops it with the reason, and what was not archived is still there', async (context) => {
  const small = smallDisk('200k');
  if (small === null) return context.skip('no small disk can be mounted here');
  try {
    sweeping = openSweeping({ dsns: dsns(), archive: archive(small) });
    const outcome = await sweeping.run();
    expect(outcome).toMatchObject({ state: 'failed', note: expect.stringMatching(/disk .*is full/) });
    const fresh = await server.connect();
    const found = await balance(fresh, 'keystone', { folder: small });
    await fresh.end();
    expect(found).toMatchObject({ lost: 0, livingGone: 0 });
    expect(found.left).toBeGreaterThan(0);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('a disk that is full from the start: nothing is deleted at all', async (context) => {
  const small = smallDisk('64k');
  if (small === null) return context.skip('no small disk can be mounted here');
  execFileSync('sh', ['-c', `head -c 60000 /dev/zero >${small}/zeros || true`]);
  try {
    sweeping = openSweeping({ dsns: dsns(), archive: archive(small) });
    expect(await sweeping.run()).toMatchObject({
      state: 'failed',
      note: expect.stringContaining('0 rows deleted until then'),
    });
    expect(await number(root, 'SELECT COUNT(*) AS n FROM keystone.token')).toBe(8001);
    expect(readdirSync(small).filter((name) => name.includes('json'))).toEqual([]);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('a server that became read-only is told at once, not tried again', async () => {
  await root.query("CREATE OR REPLACE USER plain@localhost IDENTIFIED BY 'x'");
  await root.query('GRANT SELECT, DELETE ON keystone.token TO plain@localhost');
  const keystone = server.dsn('keystone').replace('root@', 'plain:x@');
  try {
    sweeping = openSweeping({
      dsns: { keystone },
      archive: archive(),
      onChunk: async (chunk) => void (chunk === 3 && (await root.query('SET GLOBAL read_only = 1'))),
    });
    expect(await sweeping.run()).toMatchObject({ state: 'failed', note: expect.stringContaining('is read-only') });
  } finally {
    await root.query('SET GLOBAL read_only = 0');
  }
  const left = await number(
    root,
    'SELECT COUNT(*) AS n FROM keystone.token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY',
  );
  expect(left).toBeGreaterThan(0);
  await expectBalance(left);
});

test('a row that somebody holds is waited for, told, and taken in the end', async () => {
  const other = await server.connect('keystone');
  await other.query('START TRANSACTION');
  await other.query(
    'SELECT id FROM token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY ORDER BY id DESC LIMIT 1 FOR UPDATE',
  );
  sweeping = openSweeping({ dsns: dsns(), archive: archive() });
  const ending = sweeping.run();
  await delay(6000);
  await other.query('COMMIT');
  await other.end();
  expect(await ending).toMatchObject({ state: 'done' });
  expect(sweeping.notes.join('\n')).toContain('somebody holds rows of the next chunk');
  await expectBalance(0);
});

test('a deadlock costs one of the two its turn: the chunk is deleted all the same', async () => {
  const other = await server.connect('keystone');
  const [rows] = await other.query<import('mysql2').RowDataPacket[]>(
    'SELECT MIN(id) AS first, MAX(id) AS last FROM token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY',
  );
  const [first, last] = [rows[0]?.['first'], rows[0]?.['last']];
  let met = Promise.resolve<unknown>(undefined);
  await other.query('SET innodb_lock_wait_timeout = 20');
  sweeping = openSweeping({
    dsns: dsns(),
    onChunk: async (chunk) => {
      if (chunk !== 1) return;
      // It has much to undo, so the purge is the one that is told to give way.
      await other.query('START TRANSACTION');
      await other.query('UPDATE token SET valid = valid WHERE id = ?', [last]);
      await other.query('UPDATE original SET extra = CONCAT(extra, 1) LIMIT 4000');
      setTimeout(() => {
        met = other.query('UPDATE token SET valid = valid WHERE id = ?', [first]).then(() => other.query('COMMIT'));
      }, 50);
    },
  });
  expect(await sweeping.run()).toMatchObject({ state: 'done' });
  await met;
  await other.end();
  expect(
    await number(root, 'SELECT COUNT(*) AS n FROM keystone.token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY'),
  ).toBe(0);
});

test('a cancel is heard within one chunk, and the manifest says what there is', async () => {
  const quick = await slowWrites(place.folder);
  sweeping = openSweeping({
    dsns: dsns(),
    archive: archive(),
    onChunk: (chunk) => void (chunk === 3 && sweeping?.cancel()),
  });
  const outcome = await sweeping.run().finally(quick);
  expect(outcome).toMatchObject({
    state: 'blocked',
    note: expect.stringMatching(/^stopped: \d+ rows archived, \d+ rows deleted$/),
  });
  expect(sweeping.marks).toHaveLength(3);
  const left = await number(
    root,
    'SELECT COUNT(*) AS n FROM keystone.token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY',
  );
  expect(left).toBeGreaterThan(0);
  await expectBalance(left);
  await expectManifest();
});

async function expectManifest(): Promise<void> {
  const name = readdirSync(place.folder).find((one) => one.endsWith('.zst')) ?? '';
  const path = join(place.folder, name);
  const bytes = readFileSync(path);
  let rows = 0;
  for await (const { head } of openFrames(path, null)) rows += head.rows;
  expect(JSON.parse(readFileSync(`${path}.json`, 'utf8'))).toMatchObject({
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    rows,
  });
}

test('rows that come while it runs, expired ones too, are kept or archived', async () => {
  const other = await server.connect('keystone');
  let number0 = 0;
  sweeping = openSweeping({
    dsns: dsns(),
    archive: archive(),
    onChunk: async () => {
      number0 += 1;
      const values = `(MD5('late${number0}'), UTC_TIMESTAMP() - INTERVAL 5 DAY, 'late', 1), (MD5('new${number0}'), UTC_TIMESTAMP() + INTERVAL 1 DAY, 'new', 1)`;
      await other.query(`INSERT INTO original (id, expires, extra, valid) VALUES ${values}`);
      await other.query(
        `INSERT INTO token SELECT * FROM original WHERE id IN (MD5('late${number0}'), MD5('new${number0}'))`,
      );
    },
  });
  expect(await sweeping.run()).toMatchObject({ state: 'done' });
  await other.end();
  const left = await number(
    root,
    'SELECT COUNT(*) AS n FROM keystone.token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY',
  );
  await expectBalance(left);
});
