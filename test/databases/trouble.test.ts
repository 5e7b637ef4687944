import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openFrames } from '../../src/archive/reader.ts';
import { ownKeystone } from './own-keystone.ts';
import { cannotMount, limitFiles, smallDisk, withLimits } from './small-disk.ts';
import { slowWrites } from './sweeping.ts';
import { number } from './tokens.ts';

const keystone = ownKeystone({ tokens: 8000, bodyBytes: 1500 });

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'the server goes away by %s in the middle and comes back: it goes on and ends',
  async (how) => {
    const sweeping = keystone.sweeping({
      archive: keystone.archive(),
      onChunk: async (chunk) => {
        if (chunk !== 4) return;
        void keystone.server
          .stop(how)
          .then(() => delay(300))
          .then(() => keystone.server.start());
        await delay(100);
      },
      pauseMs: 300,
    });
    expect(await sweeping.run()).toMatchObject({ state: 'done' });
    expect(sweeping.notes.join('\n')).toMatch(/closed the connection|cannot be reached/);
    await keystone.expectBalance(0);
  },
);

test('a disk that is full stops it with the reason, and what was not archived is still there', async (context) => {
  const small = smallDisk(keystone.folder, 'small', '200k');
  if (small === null) return context.skip(cannotMount);
  try {
    const sweeping = keystone.sweeping({ archive: keystone.archive(small) });
    const outcome = await sweeping.run();
    expect(outcome).toMatchObject({ state: 'failed', note: expect.stringMatching(/disk .*is full/) });
    const left = await keystone.expired();
    expect(left).toBeGreaterThan(0);
    await keystone.expectBalance(left, small);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('a disk that is full from the start: nothing is deleted at all', async (context) => {
  const small = smallDisk(keystone.folder, 'small', '64k');
  if (small === null) return context.skip(cannotMount);
  execFileSync('sh', ['-c', `head -c 60000 /dev/zero >${small}/zeros || true`]);
  try {
    const sweeping = keystone.sweeping({ archive: keystone.archive(small) });
    expect(await sweeping.run()).toMatchObject({
      state: 'failed',
      note: expect.stringContaining('0 rows deleted until then'),
    });
    expect(await number(keystone.root, 'SELECT COUNT(*) AS n FROM keystone.token')).toBe(8001);
    expect(readdirSync(small).filter((name) => name.includes('json'))).toEqual([]);
  } finally {
    execFileSync('umount', [small]);
  }
});

withLimits('an archive that may not grow any more stops it with the reason, and nothing is lost', async () => {
  const sweeping = keystone.sweeping({ archive: keystone.archive() });
  limitFiles(process.pid, 200_000);
  const outcome = await sweeping.run().finally(() => limitFiles(process.pid, 'unlimited'));
  expect(outcome).toMatchObject({ state: 'failed', note: expect.stringContaining('the file may not grow any more') });
  const left = await keystone.expired();
  expect(left).toBeGreaterThan(0);
  await keystone.expectBalance(left);
});

test('a server that became read-only is told at once, not tried again', async () => {
  await keystone.root.query("CREATE OR REPLACE USER plain@localhost IDENTIFIED BY 'x'");
  await keystone.root.query('GRANT SELECT, DELETE ON keystone.token TO plain@localhost');
  const plain = keystone.server.dsn('keystone').replace('root@', 'plain:x@');
  try {
    const sweeping = keystone.sweeping({
      dsns: { keystone: plain },
      archive: keystone.archive(),
      onChunk: async (chunk) => void (chunk === 3 && (await keystone.root.query('SET GLOBAL read_only = 1'))),
    });
    expect(await sweeping.run()).toMatchObject({ state: 'failed', note: expect.stringContaining('is read-only') });
  } finally {
    await keystone.root.query('SET GLOBAL read_only = 0');
  }
  const left = await keystone.expired();
  expect(left).toBeGreaterThan(0);
  await keystone.expectBalance(left);
});

test('a row that somebody holds is waited for, told, and taken in the end', async () => {
  const other = await keystone.server.connect('keystone');
  await other.query('START TRANSACTION');
  await other.query(
    'SELECT id FROM token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY ORDER BY id DESC LIMIT 1 FOR UPDATE',
  );
  const sweeping = keystone.sweeping({ archive: keystone.archive() });
  const ending = sweeping.run();
  await delay(6000);
  await other.query('COMMIT');
  await other.end();
  expect(await ending).toMatchObject({ state: 'done' });
  expect(sweeping.notes.join('\n')).toContain('somebody holds rows of the next chunk');
  await keystone.expectBalance(0);
});

test('a deadlock costs one of the two its turn: the chunk is deleted all the same', async () => {
  const other = await keystone.server.connect('keystone');
  const [rows] = await other.query<import('mysql2').RowDataPacket[]>(
    'SELECT MIN(id) AS first, MAX(id) AS last FROM token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY',
  );
  const [first, last] = [rows[0]?.['first'], rows[0]?.['last']];
  let met = Promise.resolve<unknown>(undefined);
  await other.query('SET innodb_lock_wait_timeout = 20');
  const sweeping = keystone.sweeping({
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
  expect(await keystone.expired()).toBe(0);
});

test('a cancel is heard within one chunk, and the manifest says what there is', async () => {
  const quick = await slowWrites(keystone.folder);
  const sweeping = keystone.sweeping({
    archive: keystone.archive(),
    onChunk: (chunk) => void (chunk === 3 && sweeping.cancel()),
  });
  const outcome = await sweeping.run().finally(quick);
  expect(outcome).toMatchObject({
    state: 'blocked',
    note: expect.stringMatching(/^stopped: \d+ rows archived, \d+ rows deleted$/),
  });
  expect(sweeping.marks).toHaveLength(3);
  const left = await keystone.expired();
  expect(left).toBeGreaterThan(0);
  await keystone.expectBalance(left);
  await expectManifest();
});

async function expectManifest(): Promise<void> {
  const name = readdirSync(keystone.folder).find((one) => one.endsWith('.zst')) ?? '';
  const path = join(keystone.folder, name);
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
  const other = await keystone.server.connect('keystone');
  let number0 = 0;
  const sweeping = keystone.sweeping({
    archive: keystone.archive(),
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
  const left = await keystone.expired();
  await keystone.expectBalance(left);
});
