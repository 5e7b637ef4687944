import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase, type Rows, type Work } from '../../src/mysql/database.ts';
import { freshDatabase, type TestDatabase } from '../setup/servers.ts';

let fresh: TestDatabase;
let database: Database;
beforeAll(async () => {
  fresh = await freshDatabase('session');
  database = await openDatabase(fresh.url, { connections: 1 });
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

const settings = { zone: '+00:00', isolation: 'READ-COMMITTED', wait: 5 };

test('every connection is READ COMMITTED, in UTC, and gives up a lock wait after 5 s', async () => {
  expect(await settingsOf(database.rows)).toEqual({ ...settings, autocommit: 1 });
  expect(await database.transaction(settingsOf)).toEqual({ ...settings, autocommit: 0 });
});

test('a transaction is there from its first statement: undone where its work throws, and never an old one', async () => {
  const failed = database.transaction(async (rows) => {
    await insert(rows, 'undone');
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  expect(await database.transaction(namesOf)).toEqual([]);
  await insert(database.rows, 'theirs');
  expect(await database.transaction(namesOf)).toEqual(['theirs']);
  await database.transaction((rows) => insert(rows, 'ours'));
  expect(await namesOf(database.rows)).toEqual(['ours', 'theirs']);
});

async function settingsOf(rows: Rows | Work) {
  const answer = await sql`SELECT @@session.time_zone AS zone, @@session.tx_isolation AS isolation,
    @@session.innodb_lock_wait_timeout AS wait, @@session.autocommit AS autocommit`.execute(rows);
  return answer.rows[0];
}

async function insert(rows: Rows | Work, what: string): Promise<void> {
  await rows.insertInto('claim').values({ what, job: 'a1b2' }).execute();
}

async function namesOf(rows: Rows | Work): Promise<string[]> {
  const found = await rows.selectFrom('claim').select('what').orderBy('what').execute();
  return found.map(({ what }) => what);
}
