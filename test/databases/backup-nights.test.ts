import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fireSchedules } from '../../src/desk/firing.ts';
import type { BackupSettings } from '../../src/openstack/config.ts';
import { type BackupGround, backupGround } from '../backups/ground.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import { storyPolicy } from '../story.ts';

let ground: BackupGround;
let stage: Stage;
let root: Connection;
beforeEach(() => {
  ground = backupGround();
});

/** A worker may connect as soon as it starts, so each story says first what its settings are. */
async function open(changes: Partial<BackupSettings> = {}): Promise<void> {
  stage = await openStage(
    { backup: (server) => ground.settings(server, changes) },
    { policy: `${storyPolicy}standing: { votes: 2 }\n` },
  );
  await ground.admit(stage.cloud.databaseServer);
  root = await createConnection(stage.cloud.databaseServer.root);
  await root.query(`USE ${keystone()}`);
  await root.query("INSERT INTO token (id, valid, extra) SELECT MD5(seq), 1, REPEAT('x', 1000) FROM seq_1_to_2000");
}

afterEach(async () => {
  await root.end();
  await stage.close();
  await ground.drop();
});

const keystone = (): string => stage.cloud.databaseServer.databases[0] ?? '';
/** A proof makes a server: on a busy machine that takes its time. */
const run = (line: string) => stage.run(line, 200_000);
const title = (words: string): string => words.split('\n')[0] ?? '';
const dumps = (folder = 'dumps'): string[] =>
  readdirSync(join(ground.folder, folder)).filter((name) => !name.endsWith('.json'));

test('a dump that shrank is refused with alarm, not tried; who says that it is right makes it the measure, with a vote', async () => {
  mkdirSync(join(ground.folder, 'elsewhere'));
  await open({ keep: 1, copies: join(ground.folder, 'elsewhere') });
  const first = await run('backup run');
  expect(first).toMatchObject({ state: 'done' });
  expect(first.words).toMatch(/done: copy main .*elsewhere\/dump-demo-main-.*, read back/);
  expect(first.words).toContain(
    'keys not backed up: nobody says where the backup of fernet-keys and credential-keys is',
  );
  expect(dumps('elsewhere')).toEqual(dumps());

  await root.query('DELETE FROM token');
  const refused = await run('backup run');
  expect(refused.state).toBe('failed');
  expect(title(refused.words)).toBe('ALARM: the dump of demo is refused');
  expect(refused.words).toMatch(
    /refused: \w+keystone is far smaller than the last proven one: \d+ KB, and it was 2 MB/,
  );
  expect(refused.words).toContain('blocked: prove main there is no dump to prove');
  expect(title(await stage.say('rita', 'backup status'))).toMatch(/^last proven backup \d+ (s|min) ago/);

  const name = /backup prove (dump-\S+)/.exec(refused.words)?.[1] ?? '';
  const good = dumps();
  await stage.say('alice', `backup prove ${name}`);
  const asked = await stage.story.lastJob();
  await stage.story.until('its card', async () => (await stage.story.state(asked)) === 'awaiting');
  await stage.story.say('bob', `!approve ${asked}`);
  await stage.story.until('its end', async () => (await stage.story.state(asked)) === 'done', 200_000);
  expect(dumps()).toEqual(good);
  expect((await run('backup run')).state).toBe('done');
  expect(dumps()).not.toContain(good[0]);
  expect(dumps('elsewhere')).toEqual(dumps());
});

test('a worker that holds no private key dumps and proves nothing: nobody calls it a backup', async () => {
  await open({ privateKey: null });
  const ran = await run('backup run');
  expect(ran.state).toBe('partial');
  expect(title(ran.words)).toBe('dump of demo is not proven');
  expect(ran.words).toMatch(/unproven: prove main it is sealed to key [0-9a-f]{16}, whose private half/);
  expect(ran.words).toContain('gone: remove older ones nothing was proven anew, so nothing is removed');
  const status = await stage.say('rita', 'backup status');
  expect(title(status)).toBe('demo has no proven backup of main');
  expect(status).toMatch(/\d+ (s|min) ago, unproven: it is sealed to key/);
});

test('only some databases, without a proof; and what nobody listed is told', async () => {
  await open();
  const { words } = await run(`backup run --no-proof ${keystone()}`);
  expect(title(words)).toBe('dump of demo written, not proven yet');
  expect(await stage.say('alice', 'backup run heat')).toMatch(/vigie\.backup lists no database heat: it has /);
  const proven = await run('backup prove');
  expect(proven.words).toMatch(/^backup of demo proven/);
  expect(proven.words).toContain('keys not backed up');
  expect(await stage.say('rita', 'backup list')).toContain('keys not backed up');
  expect(await stage.say('alice', 'backup runbook')).toMatch(/has no proven backup: main: nothing that holds \S+, /);
  expect(await stage.say('rita', 'backup status')).toMatch(/^demo has no proven backup of main\n/);
});

test('every night by itself: approved once by two, then it runs within its bounds and asks nobody', async () => {
  await open();
  const { story } = stage;
  await story.say('alice', '!schedule add "* * * * *" --max 20 --until 30d backup run --no-proof');
  const asked = await story.lastJob();
  await story.until('its card', async () => (await story.state(asked)) === 'awaiting');
  for (const voter of ['bob', 'carol']) await story.say(voter, `!approve ${asked}`);
  await story.until('its end', async () => (await story.state(asked)) === 'done');
  const { rows } = story.database;
  await fireSchedules({ ...story, prefix: '!', version: 'test' });
  const minute = new Date(Math.floor((await story.database.now()).getTime() / 60_000) * 60_000);
  await rows.updateTable('schedule').set({ next_at: minute }).execute();
  const fired = rows
    .selectFrom('job')
    .select(['id', 'state'])
    .where('schedule', 'is not', null)
    .where('standing', 'is', null);
  await story.until(
    'the night’s job',
    async () => (await fired.execute()).some(({ state }) => state === 'done'),
    60_000,
  );
  expect(dumps().length).toBeGreaterThan(0);
});
