import { type Connection, createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { mariadbUrl } from '../setup/servers.ts';
import { openStage, type Stage, wordsOf } from './stage.ts';

vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
let root: Connection;
beforeEach(async () => {
  stage = await openStage({ servers: 1, tokens: 'uuid', tokenRows: 400 });
  root = await createConnection({ uri: mariadbUrl() });
  await root.query(`USE ${new URL(stage.simulator.dsns.keystone).pathname.slice(1)}`);
});
afterEach(async () => {
  await root.end();
  await stage.close();
});

/** The table as that release made it: `version` as its migrations count. */
async function release(version: number | null, indexes: readonly string[]): Promise<void> {
  for (const name of ['ix_token_expires', 'ix_token_trust_id', 'ix_token_expires_valid', 'ix_token_user_id'])
    if (!indexes.includes(name)) await root.query(`DROP INDEX ${name} ON token`);
  if (indexes.includes('ix_token_valid')) await root.query('CREATE INDEX ix_token_valid ON token (valid)');
  if (version === null) return;
  await root.query('CREATE TABLE migrate_version (repository_id varchar(250), repository_path text, version int)');
  await root.query("INSERT INTO migrate_version VALUES ('keystone', '', ?)", [version]);
}

async function indexes(): Promise<string[]> {
  const [rows] = await root.query<import('mysql2').RowDataPacket[]>('SHOW INDEX FROM token');
  return [...new Set(rows.map((row) => String(row['Key_name'])))].sort();
}

const all = ['PRIMARY', 'ix_token_expires', 'ix_token_expires_valid', 'ix_token_trust_id', 'ix_token_user_id'];

test('Juno with one index left gets back the others, by its own names, once another has agreed', async () => {
  await release(109, ['ix_token_user_id']);
  const plan = wordsOf(await stage.story.say('alice', '!tokens index'));
  expect(plan).toContain('ix_token_expires (expires)');
  expect(plan).toContain('Juno or newer (schema 109)');
  const id = await stage.story.lastJob();
  await stage.story.say('bob', `!approve ${id}`);
  await stage.story.until('done', async () => (await stage.story.state(id)) === 'done');
  expect(await indexes()).toEqual(all);
  expect(wordsOf(await stage.story.say('alice', '!tokens index'))).toContain(
    'no index of Juno or newer (schema 109) is missing',
  );
});

test('Grizzly gets none: the migration to Havana makes them itself', async () => {
  await release(22, []);
  expect(wordsOf(await stage.story.say('alice', '!tokens index'))).toContain(
    'the migration to Havana makes these indexes itself',
  );
  const advice = wordsOf(await stage.story.say('rita', '!tokens advise'));
  expect(advice).toContain('Grizzly (schema 22)');
  expect(advice).toContain('growth not counted');
  expect(advice).toContain('tokens purge by hand: without an index on expires a schedule counts every row');
  expect(await indexes()).toEqual(['PRIMARY']);
});

test('Havana has indexes of its own', async () => {
  await release(34, []);
  const plan = wordsOf(await stage.story.say('alice', '!tokens index'));
  expect(plan).toContain('make ix_token_expires, ix_token_valid on demo');
});

test('after a purge the advice tells growth by yesterday, a whole day where the day before has rows', async () => {
  await root.query('DELETE FROM token WHERE expires < UTC_TIMESTAMP()');
  await root.query(
    `INSERT INTO token (id, expires, valid)
     SELECT MD5(seq), UTC_DATE() - INTERVAL 1 DAY + INTERVAL CAST(seq AS SIGNED) - 1 SECOND, 1 FROM seq_0_to_700`,
  );
  const advice = wordsOf(await stage.story.say('rita', '!tokens advise'));
  expect(advice).toContain('UUID in SQL: every login is a row');
  expect(advice).toContain('about 700 rows a day, as yesterday');
  expect(advice).toContain('tokens purge by a schedule every hour or day');
});

test('an unknown release gets none', async () => {
  await release(null, []);
  expect(wordsOf(await stage.story.say('alice', '!tokens index'))).toContain('grant SELECT on migrate_version');
});

test('without an index a purge walks the key, needs no count, and takes every expired row', async () => {
  await release(22, []);
  await stage.story.say('alice', '!tokens purge --no-archive');
  const id = await stage.story.lastJob();
  await stage.story.say('bob', `!approve ${id}`);
  await stage.story.say('carol', `!approve ${id}`);
  await stage.story.until('done', async () => (await stage.story.state(id)) === 'done');
  const [rows] = await root.query<import('mysql2').RowDataPacket[]>(
    'SELECT COUNT(*) AS n FROM token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY',
  );
  expect(rows[0]?.['n']).toBe(0);
});
