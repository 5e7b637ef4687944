import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectDatabases } from '../../src/mysql/databases.ts';
import { deniedTo } from '../operators/accounts.ts';
import { type CloudDatabases, cloudDatabases, rootDsn } from '../operators/cloud.ts';
import { freshDatabase } from '../setup/servers.ts';
import { grantsFor } from './documented.ts';
import { openSweeping, type Sweeping } from './sweeping.ts';
import { archiveFolder, fillTokens, number } from './tokens.ts';

/** As docs/archives.md tells them: each set is enough for its command, and for nothing else. */
const grants = {
  count: grantsFor('tokens count'),
  purge: grantsFor('tokens purge --no-archive'),
  archive: grantsFor('tokens archive'),
  archiveAndPurge: grantsFor('tokens purge'),
  revocations: grantsFor('tokens purge --table revocation_event --no-archive'),
  index: grantsFor('tokens index').filter((grant) => !grant.includes('alembic_version')),
  restore: grantsFor('tokens restore'),
};

let cloud: CloudDatabases;
let place: ReturnType<typeof archiveFolder>;
const open: { close(): Promise<void> }[] = [];
const limits = { signal: new AbortController().signal, limitMs: 20_000 };
const cutoff = new Date(Date.now() - 48 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
beforeAll(async () => {
  cloud = await cloudDatabases();
  await cloud.root.query(`USE ${cloud.keystone.name}`);
  await cloud.root.query('CREATE TABLE migrate_version (repository_id varchar(250), version int)');
  await cloud.root.query("INSERT INTO migrate_version VALUES ('keystone', 109)");
  await fillTokens(cloud.root, cloud.keystone.name, 2000);
});
beforeEach(() => {
  place = archiveFolder();
});
afterEach(() => place.drop());
afterAll(async () => {
  for (const one of open) await one.close();
  await cloud.drop();
});

async function account(which: keyof typeof grants): Promise<{ dsn: string }> {
  return cloud.account(cloud.keystone, ...grants[which]);
}

function sweeping(dsn: string, options: { archive?: boolean; purge?: boolean }): Sweeping {
  const archive = { folder: place.folder, publicKey: 'none', privateKey: null };
  const made = openSweeping({
    dsns: { keystone: rootDsn(cloud.keystone), keystoneWriter: dsn },
    purge: options.purge ?? true,
    ...(options.archive ? { archive } : {}),
  });
  open.push(made);
  return made;
}

const never = [
  'UPDATE token SET valid = 1',
  'INSERT INTO token (id, valid) VALUES ("x", 1)',
  'DROP TABLE token',
  'TRUNCATE TABLE token',
  'ALTER TABLE token ADD COLUMN x int',
  'SELECT * FROM revocation_event',
  'SELECT * FROM application_credential',
  'SELECT * FROM mysql.user',
  'CREATE TABLE other (id int)',
];
const notBodies = ['SELECT extra FROM token', 'SELECT user_id FROM token'];
const noDelete = ["DELETE FROM token WHERE id = 'x'"];
const noIndex = ['CREATE INDEX x ON token (valid)'];

test('the grants of a count count, and do nothing else', async () => {
  const made = await account('count');
  const databases = connectDatabases({ cloud: 'demo', dsns: { keystone: made.dsn, cells: {} }, now: () => new Date() });
  open.push(databases);
  expect(await databases.tokens({ ...limits, fullScan: false })).toMatchObject({ exists: true });
  expect((await databases.tokenSurvey(cutoff, limits)).expired).toBe(1800);
  const tries = [...never, ...notBodies, ...noDelete, ...noIndex];
  expect(await deniedTo(made.dsn, tries)).toEqual(tries);
});

test('the grants of an archive archive, and do nothing else', async () => {
  const made = await account('archive');
  expect(await sweeping(made.dsn, { archive: true, purge: false }).run()).toMatchObject({
    state: 'done',
    note: '1800 rows archived',
  });
  const tries = [...never, ...noDelete, ...noIndex];
  expect(await deniedTo(made.dsn, tries)).toEqual(tries);
});

test('the grants of a restore fill the scratch database, and reach nothing else', async () => {
  const scratch = await freshDatabase('scratch');
  const made = await cloud.account(scratch, ...grants.restore);
  await sweeping(rootDsn(cloud.keystone), { archive: true, purge: false }).run();
  const databases = connectDatabases({
    cloud: 'demo',
    dsns: { scratch: made.dsn, cells: {} },
    archive: { folder: place.folder, publicKey: 'none', privateKey: null },
    now: () => new Date(),
  });
  try {
    expect((await databases.scratch()).tables).toEqual([]);
    const [part] = await databases.archives();
    for await (const _ of databases.restore(part?.path ?? '', 0));
    expect(await databases.scratch()).toMatchObject({ tables: ['token'], rows: 1800 });
    const tries = [`SELECT * FROM ${cloud.keystone.name}.token`, 'SELECT * FROM mysql.user', 'CREATE DATABASE other'];
    expect(await deniedTo(made.dsn, tries)).toEqual(tries);
  } finally {
    await databases.close();
    await scratch.drop();
  }
});

test('an account that may read alembic_version knows a release from 2023 on', async () => {
  await cloud.root.query(`CREATE TABLE ${cloud.keystone.name}.alembic_version (version_num varchar(32))`);
  await cloud.root.query(`INSERT INTO ${cloud.keystone.name}.alembic_version VALUES ('29e87d24a316')`);
  const { dsn } = await cloud.account(cloud.keystone, ...grants.count, 'SELECT ON {db}.alembic_version');
  const databases = connectDatabases({ cloud: 'demo', dsns: { keystone: dsn, cells: {} }, now: () => new Date() });
  open.push(databases);
  expect(await databases.tokenSurvey(cutoff, limits)).toMatchObject({ schema: 'alembic' });
  await cloud.root.query(`DROP TABLE ${cloud.keystone.name}.alembic_version`);
});

test('an account that may read only some columns archives nothing, instead of only those', async () => {
  const made = await account('purge');
  const outcome = await sweeping(made.dsn, { archive: true }).run();
  expect(outcome).toMatchObject({ state: 'failed', note: expect.stringContaining('does not let this account use') });
  expect(await number(cloud.root, `SELECT COUNT(*) AS n FROM ${cloud.keystone.name}.token`)).toBe(2001);
});

test('the grants of a purge without an archive purge, and do nothing else', async () => {
  const made = await account('purge');
  expect(await sweeping(made.dsn, {}).run()).toMatchObject({ state: 'done', note: '1800 rows deleted' });
  const tries = [...never, ...notBodies, ...noIndex];
  expect(await deniedTo(made.dsn, tries)).toEqual(tries);
  await cloud.root.query(
    `INSERT IGNORE INTO ${cloud.keystone.name}.token SELECT * FROM ${cloud.keystone.name}.original`,
  );
});

test('the grants of archive and purge do both, and nothing else', async () => {
  const made = await account('archiveAndPurge');
  expect(await sweeping(made.dsn, { archive: true }).run()).toMatchObject({
    state: 'done',
    note: '1800 rows archived, 1800 rows deleted',
  });
  const tries = [...never, ...noIndex];
  expect(await deniedTo(made.dsn, tries)).toEqual(tries);
});

test('the grants of a purge of revocations purge those that are old, and do nothing else', async () => {
  const events = `${cloud.keystone.name}.revocation_event`;
  await cloud.root.query(
    `INSERT INTO ${events} (issued_before, revoked_at) SELECT UTC_TIMESTAMP(), UTC_TIMESTAMP() - INTERVAL seq * 60 + 30 MINUTE FROM seq_1_to_400`,
  );
  const made = await account('revocations');
  const sweep = openSweeping({
    dsns: { keystone: made.dsn },
    table: 'revocation_event',
    index: 'ix_revocation_event_new_revoked_at',
  });
  open.push(sweep);
  expect(await sweep.run()).toMatchObject({ state: 'done', note: '353 rows deleted' });
  const tries = [...never, ...notBodies, ...noIndex, 'SELECT id FROM token', 'SELECT user_id FROM revocation_event'];
  expect(await deniedTo(made.dsn, tries)).toEqual(tries);
});

test('the grants of an index make one, and do nothing else', async () => {
  const made = await account('index');
  const databases = connectDatabases({ cloud: 'demo', dsns: { keystone: made.dsn, cells: {} }, now: () => new Date() });
  open.push(databases);
  await cloud.root.query(`DROP INDEX ix_token_user_id ON ${cloud.keystone.name}.token`);
  expect(await databases.tokenSurvey(cutoff, limits)).toMatchObject({ schema: 109 });
  await databases.createTokenIndex(
    { name: 'ix_token_user_id', columns: ['user_id'] },
    { ...limits, notAfter: performance.now() + 2000 },
  );
  expect((await databases.tokenSurvey(cutoff, limits)).indexNames).toContain('ix_token_user_id');
  const tries = [...never, ...notBodies, ...noDelete];
  expect(await deniedTo(made.dsn, tries)).toEqual(tries);
});
