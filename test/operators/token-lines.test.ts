import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ArchiveSettings } from '../../src/archive/place.ts';
import { findProgram } from '../../src/embedded/process.ts';
import { onDebian, unpacked } from '../setup/debian.ts';
import { freshDatabase, mariadbUrl, type TestDatabase } from '../setup/servers.ts';
import { storyPolicy } from '../story.ts';
import { rootDsn } from './cloud.ts';
import { openStage, type Stage, wordsOf } from './stage.ts';

vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
let folder: string;
let scratch: TestDatabase;
let root: Connection;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-archive-'));
  scratch = await freshDatabase('scratch');
  root = await createConnection({ uri: mariadbUrl(), dateStrings: true });
});
afterEach(async () => {
  await stage.close();
  await scratch.drop();
  await root.end();
  rmSync(folder, { recursive: true, force: true });
});

function keys(): ArchiveSettings {
  const pair = generateKeyPairSync('x25519');
  const privateKey = join(folder, 'archive.pem');
  const publicKey = join(folder, 'archive.pub.pem');
  writeFileSync(privateKey, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(publicKey, pair.publicKey.export({ format: 'pem', type: 'spki' }));
  return { folder, publicKey, privateKey };
}

async function open(archive: ArchiveSettings | null, tokenRows = 3000, policy?: string): Promise<void> {
  const dsns = { scratch: rootDsn(scratch) };
  stage = await openStage({ servers: 1, tokens: 'uuid', tokenRows }, dsns, { archive, ...(policy && { policy }) });
}

function keystone(): string {
  return new URL(stage.simulator.dsns.keystone).pathname.slice(1);
}

async function approved(line: string, voters = ['bob', 'carol']): Promise<string> {
  await stage.story.say('alice', line);
  const id = await stage.story.lastJob();
  for (const voter of voters) await stage.story.say(voter, `!approve ${id}`);
  await stage.story.until('the end', async () =>
    ['done', 'failed', 'partial', 'cancelled'].includes(await stage.story.state(id)),
  );
  const card = (): string => wordsOf(stage.story.card(id) ?? { title: '', tone: 'plain', blocks: [] });
  // The card is posted a moment after the row says so.
  await stage.story.until(
    'its report',
    () => / of demo (purged|archived)|Restored/.test(card()) || /not all/.test(card()),
  );
  return card();
}

async function tokens(database: string, where = '1 = 1'): Promise<number> {
  const [rows] = await root.query<import('mysql2').RowDataPacket[]>(
    `SELECT COUNT(*) AS n FROM ${database}.token WHERE ${where}`,
  );
  return Number(rows[0]?.['n']);
}

const old = 'expires < UTC_TIMESTAMP() - INTERVAL 2 DAY';

test('asked, approved by two, archived, deleted, proven; then restored, by the bot and by the one documented line', async () => {
  const archive = keys();
  await open(archive);
  const [expired, living] = [await tokens(keystone(), old), await tokens(keystone(), `NOT (${old})`)];
  const [before] = await root.query(`SELECT * FROM ${keystone()}.token WHERE ${old} ORDER BY id`);
  const said = await approved('!tokens purge');
  expect(said).toContain(`${expired} expired tokens of demo purged`);
  expect(said).toContain('none left, read back');
  expect(said).toContain('as large as before');
  expect(await tokens(keystone(), old)).toBe(0);
  // The cloud itself logs in meanwhile.
  expect(await tokens(keystone())).toBeGreaterThanOrEqual(living);

  const file = readdirSync(folder).find((name) => name.endsWith('.sealed')) ?? '';
  expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  const manifest = JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8'));
  expect(manifest).toMatchObject({
    rows: expired,
    again: 0,
    deleted: true,
    columns: ['id', 'expires', 'extra', 'valid', 'trust_id', 'user_id'],
  });

  expect(await approved(`!tokens restore ${file} --into scratch`, [])).toContain(
    `${expired} rows, as the manifest says`,
  );
  const [after] = await root.query(`SELECT * FROM ${scratch.name}.token ORDER BY id`);
  expect(after).toEqual(before);
  const again = wordsOf(await stage.story.say('alice', `!tokens restore ${file} --into scratch`));
  expect(again).toContain('is not empty (token)');

  await root.query(`DROP TABLE ${scratch.name}.token`);
  const words = { 'node dist/src/main.js': 'node --import tsx src/main.ts', 'archive.pem': `${archive.privateKey}` };
  const restore = { ...words, FILE: join(folder, file), 'mariadb scratch': client(scratch) };
  expect(asANewcomer('node', restore)).toBe(0);
  const [typed] = await root.query(`SELECT * FROM ${scratch.name}.token ORDER BY id`);
  expect(typed).toEqual(before);
  // mariadb gets whole statements only, and is content: that something is missing the first of the two says.
  truncateSync(join(folder, file), statSync(join(folder, file)).size - 20);
  expect(asANewcomer('node', restore)).not.toBe(0);
});

test('an archive in clear needs zstd and mariadb, and no vigie', async (context) => {
  const program = await zstd();
  if (program === null) return context.skip('there is no zstd here, and none could be fetched');
  await open({ folder, publicKey: 'none', privateKey: null });
  const [before] = await root.query(`SELECT * FROM ${keystone()}.token WHERE ${old} ORDER BY id`);
  expect(await approved('!tokens archive', [])).toContain('expired tokens of demo archived');
  const file = readdirSync(folder).find((name) => name.endsWith('.zst')) ?? '';
  const words = { 'zstd -dc': `${program} -dc`, FILE: join(folder, file), 'mariadb scratch': client(scratch) };
  expect(asANewcomer('zstd', words)).toBe(0);
  const [typed] = await root.query(`SELECT * FROM ${scratch.name}.token ORDER BY id`);
  expect(typed).toEqual(before);
  const line = `node --import tsx src/main.ts archive ${join(folder, file)} | head -c 10`;
  const { stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
  expect(stderr).toMatch(/^[^\n]*stopped before its end: not all of it was taken[^\n]*\n$/);
});

/** Debian's, unpacked where it is not installed. */
async function zstd(): Promise<string | null> {
  const installed = findProgram('zstd');
  if (installed || !onDebian) return installed || null;
  const root = await unpacked('zstd', ['zstd']).catch(() => null);
  return root === null ? null : join(root, 'usr/bin/zstd');
}

/** What docs/archives.md has people type for a restore, with the words of this run; how it ends. */
function asANewcomer(program: 'node' | 'zstd', words: Readonly<Record<string, string>>): number | null {
  const docs = readFileSync('docs/archives.md', 'utf8');
  const typed = docs.split('\n\n').find((block) => block.startsWith('    ') && block.includes(`    ${program} `)) ?? '';
  const lines = Object.entries(words).reduce((text, [word, meant]) => text.replace(word, meant), typed);
  return spawnSync('bash', ['-c', lines], { stdio: 'ignore' }).status;
}

function client(database: TestDatabase): string {
  const socket = new URL(mariadbUrl()).searchParams.get('socketPath');
  return `mariadb --no-defaults -u root -S ${socket} ${database.name}`;
}

test('no token, no body and no user reaches a chat, a job row, the audit or a manifest', async () => {
  await open(keys());
  const [rows] = await root.query<import('mysql2').RowDataPacket[]>(`SELECT id, user_id FROM ${keystone()}.token`);
  await stage.story.say('rita', '!tokens advise');
  await stage.story.say('rita', '!tokens count');
  await approved('!tokens archive', []);
  await approved('!tokens purge');
  const { database } = stage.story;
  const told = JSON.stringify([
    stage.story.room.posts,
    await database.rows.selectFrom('job').selectAll().execute(),
    await database.rows.selectFrom('step').selectAll().execute(),
    await database.rows.selectFrom('audit').selectAll().execute(),
    await database.rows.selectFrom('delivery').selectAll().execute(),
    ...readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  ]);
  const sealed = readdirSync(folder)
    .filter((name) => name.endsWith('.sealed'))
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('');
  expect(told).toContain('expired tokens of demo purged');
  for (const { id } of rows) expect(told.includes(id) || sealed.includes(id)).toBe(false);
  expect(told).not.toContain('token_data');
  expect(sealed).not.toContain('token_data');
});

test('where archives go nobody said, or under which key: refused, with what to configure', async () => {
  await open(null);
  expect(wordsOf(await stage.story.say('alice', '!tokens purge'))).toContain(
    'add vigie.archive with folder and public_key',
  );
  await stage.close();
  await open({ folder, publicKey: null, privateKey: null });
  expect(wordsOf(await stage.story.say('alice', '!tokens archive'))).toContain('vigie.archive.public_key names none');
});

test('where the policy wants every purged token archived, --no-archive is refused', async () => {
  await open({ folder, publicKey: 'none', privateKey: null }, 100, `${storyPolicy}traceable: [demo]\n`);
  const said = wordsOf(await stage.story.say('alice', '!tokens purge --no-archive'));
  expect(said).toContain('the policy wants tokens of demo archived before they are deleted (traceable)');
});

test('without an archive it says so, and asks two all the same', async () => {
  await open(null);
  const plan = wordsOf(await stage.story.say('alice', '!tokens purge --no-archive'));
  expect(plan).toContain('Nothing is archived: what is deleted is gone.');
  expect(plan).toContain('needs 2 approvals');
  const id = await stage.story.lastJob();
  await stage.story.say('bob', `!approve ${id}`);
  await stage.story.say('carol', `!approve ${id}`);
  await stage.story.until('done', async () => (await stage.story.state(id)) === 'done');
  expect(readdirSync(folder)).toEqual([]);
});

test('old revocations: asked, approved by two, deleted a little at a time, proven; the young stay', async () => {
  await open(null, 100);
  await root.query(`USE ${keystone()}`);
  const events = `${keystone()}.revocation_event`;
  await root.query(
    `INSERT INTO ${events} (issued_before, revoked_at) SELECT UTC_TIMESTAMP(), UTC_TIMESTAMP() - INTERVAL seq * 60 + 30 MINUTE FROM seq_1_to_200`,
  );
  const said = await approved('!tokens purge --table revocation_event --no-archive');
  expect(said).toContain('153 old revocations of demo purged');
  expect(said).toContain('none left, read back');
  const [rows] = await root.query<import('mysql2').RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${events}`);
  expect(rows[0]?.['n']).toBe(47);
});

test.each([
  ['!tokens purge --before 1h', 'at most'],
  ['!tokens purge --table user', 'the tables that are purged are token and revocation_event'],
  ['!tokens purge --before yesterday', 'type how long ago'],
  ['!tokens purge --archive --no-archive', 'exclude each other'],
  ['!tokens restore ../../etc/passwd --into scratch', 'without its folder'],
  ['!tokens restore nothing --into scratch', 'this worker has no archive nothing'],
  ['!tokens restore nothing --into production', 'production is not restored from chat'],
  ['!tokens purge --before 2020-01-01', 'nothing to do'],
])('%s is refused with a word that helps', async (line, word) => {
  await open({ folder, publicKey: 'none', privateKey: null }, 100);
  expect(wordsOf(await stage.story.say('alice', line))).toContain(word);
});
