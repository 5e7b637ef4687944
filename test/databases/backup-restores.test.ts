import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterEach, expect, test } from 'vitest';
import { findProgram } from '../../src/embedded/process.ts';
import type { BackupSettings } from '../../src/openstack/config.ts';
import { type BackupCloud, backupCloud } from '../backups/cloud.ts';
import { type BackupGround, backupGround } from '../backups/ground.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import { type OwnServer, ownServer } from './server.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function small(): Promise<BackupCloud> {
  const cloud = await backupCloud({ tokens: 20 });
  closing.push(() => cloud.drop());
  return cloud;
}

test('a worker on another host proves what lies in the folder they share, and knows where it is where they share none', async () => {
  const cloud = await small();
  const made = await cloud.dump();
  const facts = { ...made.facts, host: 'the-other-worker' };
  writeFileSync(`${made.path}.json`, JSON.stringify(facts));
  expect(await cloud.prove({ ...made, facts })).toMatchObject({ verdict: 'proven' });

  for (const name of [made.path, `${made.path}.json`]) renameSync(name, `${name}.away`);
  expect(await cloud.prove({ ...made, facts })).toMatchObject({
    verdict: 'unproven',
    why: expect.stringMatching(
      /^not looked at: on the-other-worker; this worker runs on \S+: share \/\S+ between them, or say it again while only/,
    ),
  });
});

interface Night {
  readonly stage: Stage;
  readonly ground: BackupGround;
  readonly root: Connection;
  readonly keystone: string;
}

async function openNight(changes: (ground: BackupGround) => Partial<BackupSettings> = () => ({})): Promise<Night> {
  const ground = backupGround();
  // Services that report change their rows all the time.
  const simulator = { reportSeconds: 3600 };
  const stage = await openStage({ simulator, backup: (server) => ground.settings(server, changes(ground)) });
  const { databaseServer } = stage.cloud;
  await ground.admit(databaseServer);
  const root = await createConnection(databaseServer.root);
  closing.push(
    () => ground.drop(),
    () => stage.close(),
    () => root.end(),
  );
  return { stage, ground, root, keystone: databaseServer.databases[0] ?? '' };
}

test('a folder for copies that is not there is no folder to make: it is told, and the rest goes on', async () => {
  const { stage, ground } = await openNight((own) => ({ copies: join(own.folder, 'unmounted') }));
  const { state, words } = await stage.run('backup run --no-proof');
  expect(state).toBe('partial');
  expect(words).toMatch(/done: dump main /);
  expect(words).toMatch(/failed: copy main .*unmounted is not there: is it mounted\?/);
  expect(existsSync(join(ground.folder, 'unmounted'))).toBe(false);
});

test('a dump that was refused stays refused, with its reason, where nobody could try it', async () => {
  const { stage, ground, root, keystone } = await openNight();
  await root.query(`USE ${keystone}`);
  await root.query("INSERT INTO token (id, valid, extra) SELECT MD5(seq), 1, REPEAT('x', 1000) FROM seq_1_to_500");
  expect(await stage.run('backup run', 200_000)).toMatchObject({ state: 'done' });
  await root.query('DELETE FROM token');
  const refused = await stage.run('backup run', 200_000);
  const name = /backup prove (dump-\S+)/.exec(refused.words)?.[1] ?? '';

  const key = join(ground.folder, 'backup.pem');
  renameSync(key, `${key}.away`);
  const { words } = await stage.run(`backup prove ${name}`, 200_000);
  expect(words).toMatch(/unproven: prove \S+ the private key \S+ cannot be read/);
  const known = await stage.story.database.rows.selectFrom('backup').select(['name', 'state', 'why']).execute();
  expect(known.filter((one) => one.name === name)).toEqual([
    { name, state: 'failed', why: expect.stringContaining('is far smaller than the last proven one') },
  ]);
  expect(known.filter((one) => one.name !== name)).toMatchObject([{ state: 'proven' }]);
});

test('the printed lines restore it all, sealed as it is, typed by hand on another server', async (context) => {
  if (findProgram('zstd') === null) return context.skip('no zstd here');
  const { stage, ground, root } = await openNight();
  expect(await stage.run('backup run', 200_000)).toMatchObject({ state: 'done' });
  const runbook = await stage.say('alice', 'backup runbook');
  const lines = runbook.slice(runbook.indexOf('# 1.'), runbook.indexOf('\n', runbook.indexOf('# 7.')));

  const { databases } = stage.cloud.databaseServer;
  const server = await brokenServer(databases);
  const desk = mkdtempSync(join(tmpdir(), 'vigie-desk-'));
  closing.push(async () => rmSync(desk, { recursive: true }));
  writeFileSync(join(desk, 'LOGIN.cnf'), `[client]\nuser=root\nport=${server.port}\n`);
  const typed = lines
    .replaceAll('DATABASE', '127.0.0.1')
    .replaceAll(' KEY.pem', ` ${join(ground.folder, 'backup.pem')}`)
    // As it is built.
    .replace('node dist/src/main.js', `cd ${resolve('.')} && node --import tsx src/main.ts`)
    .replaceAll('LOGIN.cnf', join(desk, 'LOGIN.cnf'));
  expect(execFileSync('bash', ['-ec', typed], { cwd: desk, encoding: 'utf8' })).toContain(': OK');

  const restored = await server.connect();
  for (const database of databases) expect(await sums(restored, database)).toEqual(await sums(root, database));
  await restored.end();
  expect(readdirSync(desk)).toEqual(['LOGIN.cnf', 'before-restore-main.sql.zst']);
  const before = join(desk, 'before-restore-main.sql.zst');
  expect(statSync(before).mode & 0o777).toBe(0o600);
  expect(execFileSync('zstd', ['-dc', before], { encoding: 'utf8' })).toContain('what was left of it');
});

/** Where the databases are, and hold something else. */
async function brokenServer(databases: readonly string[]): Promise<OwnServer> {
  const server = await ownServer(['--skip-log-bin', '--max-allowed-packet=64M']);
  closing.push(() => server.drop());
  await server.start();
  const root = await server.connect();
  for (const database of databases) await root.query(`CREATE DATABASE ${database}`);
  await root.query(`USE ${databases[0]}`);
  await root.query('CREATE TABLE token (id varchar(64), said text)');
  await root.query("INSERT INTO token VALUES ('1', 'what was left of it')");
  await root.end();
  return server;
}

/** Of every table, its checksum. */
async function sums(connection: Connection, database: string): Promise<unknown> {
  const [tables] = await connection.query<RowDataPacket[]>(`SHOW TABLES IN ${database}`);
  const names = tables.map((row) => `${database}.${Object.values(row)[0]}`);
  const [found] = await connection.query<RowDataPacket[]>(`CHECKSUM TABLE ${names.join(', ')}`);
  return found;
}
