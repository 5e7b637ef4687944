import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectDatabases } from '../../src/mysql/databases.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { type CloudDatabases, cloudDatabases, rootDsn } from '../operators/cloud.ts';
import { freshDatabase } from '../setup/servers.ts';
import { openSweeping, type Sweeping } from './sweeping.ts';
import { archiveFolder, number } from './tokens.ts';

const rows = 9000;
const index = 'ix_revocation_event_new_revoked_at';
const old = 'revoked_at < UTC_TIMESTAMP() - INTERVAL 2 DAY';

let cloud: CloudDatabases;
let place: ReturnType<typeof archiveFolder>;
let sweeping: Sweeping | null = null;
beforeAll(async () => {
  cloud = await cloudDatabases();
  await cloud.root.query(`USE ${cloud.keystone.name}`);
});
afterAll(() => cloud.drop());
beforeEach(async () => {
  place = archiveFolder();
  await cloud.root.query('TRUNCATE TABLE revocation_event');
  // Twenty in the same second, for a project that is disabled revokes all of its tokens at once; one in nine is young.
  await cloud.root.query(
    `INSERT INTO revocation_event (user_id, issued_before, revoked_at, audit_id)
     SELECT MD5(seq), UTC_TIMESTAMP(), UTC_TIMESTAMP() - INTERVAL IF(seq % 9 = 0, 1, 3) DAY - INTERVAL seq DIV 20 SECOND, LEFT(MD5(seq), 22)
     FROM seq_1_to_${rows}`,
  );
});
afterEach(async () => {
  await sweeping?.close();
  sweeping = null;
  place.drop();
});

test('old revocations go a chunk at a time, archived first; a worker that takes it up goes on, and the young stay', async () => {
  const archive = { folder: place.folder, publicKey: 'none', privateKey: null };
  let died = 0;
  sweeping = openSweeping({
    dsns: { keystone: rootDsn(cloud.keystone) },
    archive,
    table: 'revocation_event',
    index,
    onChunk: (chunk) => {
      if (chunk !== 3) return;
      died += 1;
      throw new OpenStackError({ problem: 'unavailable', cloud: 'demo', request: 'its database' });
    },
  });
  expect(await sweeping.run()).toMatchObject({
    state: 'done',
    note: expect.stringMatching(/^about \d+ rows archived, about 8000 rows deleted$/),
  });
  expect(died).toBe(1);
  expect(await number(cloud.root, `SELECT COUNT(*) AS n FROM revocation_event WHERE ${old}`)).toBe(0);
  expect(await number(cloud.root, 'SELECT COUNT(*) AS n FROM revocation_event')).toBe(rows / 9);
  await expectArchived(archive);
});

/** All that went is in the archive, once. */
async function expectArchived(archive: { folder: string; publicKey: string; privateKey: null }): Promise<void> {
  const scratch = await freshDatabase('scratch');
  const dsns = { scratch: rootDsn(scratch), cells: {} };
  const databases = connectDatabases({ cloud: 'demo', dsns, archive, now: () => new Date() });
  try {
    for (const { path } of await databases.archives()) for await (const _ of databases.restore(path, 0));
    expect(await databases.scratch()).toMatchObject({ tables: ['revocation_event'], rows: rows - rows / 9 });
  } finally {
    await databases.close();
    await scratch.drop();
  }
}

test('what is left is seen', async () => {
  const dsns = { keystone: rootDsn(cloud.keystone), cells: {} };
  const databases = connectDatabases({ cloud: 'demo', dsns, now: () => new Date() });
  const limits = { signal: new AbortController().signal, limitMs: 5000 };
  try {
    const cutoff = new Date(Date.now() - 48 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    expect(await databases.revocationSurvey(cutoff, limits)).toMatchObject({
      old: rows - rows / 9,
      index,
      galera: null,
    });
    expect(await databases.expiredLeft('revocation_event', cutoff, 5000)).toBe(true);
    expect(await databases.expiredLeft('revocation_event', '2001-01-01 00:00:00', 5000)).toBe(false);
  } finally {
    await databases.close();
  }
});
