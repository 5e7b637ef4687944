import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type BackupGround, backupGround } from '../backups/ground.ts';
import { everythingTold } from '../backups/told.ts';
import { onLab, openStage, type Stage } from './stage.ts';

/** A proof makes a server: on a busy machine that takes its time. */
const patience = onLab ? 240_000 : 100_000;
vi.setConfig({ testTimeout: patience + 60_000 });

let ground: BackupGround;
let stage: Stage;
beforeAll(async () => {
  ground = backupGround();
  const keyIds = { fernet: join(ground.folder, 'fernet.id'), credential: join(ground.folder, 'credential.id') };
  stage = await openStage({ backup: (server) => ground.settings(server, { keyIds }) });
  await ground.admit(stage.cloud.databaseServer);
});
afterAll(async () => {
  await stage.close();
  await ground.drop();
});

const title = (words: string): string => words.split('\n')[0] ?? '';

test('a night’s backup: nothing at first, then dumped, restored elsewhere, and only then called a backup', async () => {
  const before = await stage.say('rita', 'backup status');
  expect(title(before)).toBe('demo has no proven backup of main');
  expect(before).toContain('main was never dumped');
  expect(before).toContain('keys not backed up');

  writeFileSync(join(ground.folder, 'fernet.id'), 'vault:keystone/fernet@17\n');
  writeFileSync(join(ground.folder, 'credential.id'), 'vault:keystone/credential@3\n');
  const ran = await stage.run('backup run', patience);
  expect(ran.words).toMatch(/^backup of demo proven, restores in \d+ (s|min)\n/);
  expect(ran.state).toBe('done');
  expect(ran.words).toMatch(/done: prove main restored in \d+ (s|min): \d+ tables, \d+ rows, all there/);
  expect(ran.words).toMatch(/keystone: 1 domain, \d+ projects, \d+ users/);
  expect(ran.words).toMatch(/nova_api: 1 cell and cell0/);
  if (onLab) expect(ran.words).toMatch(/nova: revision \w+/);
  expect(ran.words).toContain(
    'keys: fernet-keys in vault:keystone/fernet@17, credential-keys in vault:keystone/credential@3',
  );

  expect(title(await stage.say('rita', 'backup status'))).toMatch(
    /^last proven backup \d+ (s|min) ago, restores in \d+ (s|min)$/,
  );
  expect(title(await stage.say('rita', 'backup list'))).toBe('1 dump of demo, 1 proven');
});

test('what lies on the disk is sealed, of its owner only, and opens with the one documented line', async () => {
  const folder = join(ground.folder, 'dumps');
  const names = readdirSync(folder).toSorted();
  expect(names).toEqual([expect.stringMatching(/^dump-demo-main-\d{8}-\w+\.sql\.zst\.sealed$/), `${names[0]}.json`]);
  for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, names[0] ?? '')).includes('INSERT INTO')).toBe(false);

  const runbook = await stage.say('alice', 'backup runbook');
  expect(title(runbook)).toBe(`by hand, never from here: restore ${names[0]}`);
  const checked = /^echo .* \| sha256sum -c$/m.exec(runbook)?.[0] ?? 'false';
  expect(execFileSync('sh', ['-c', checked], { encoding: 'utf8' })).toMatch(/: OK\n$/);
});

test('nobody restores production from a chat, and a name that is not there is answered with those that are', async () => {
  expect(await stage.say('alice', 'backup restore')).toMatch(/backup/);
  const answer = await stage.say('alice', 'backup prove dump-of-nothing.sql.zst');
  expect(answer).toMatch(/there is no dump dump-of-nothing\.sql\.zst: there are dump-demo-main-/);
});

test('neither rows nor what was said hold a password, a hash or a token', async () => {
  const said = await everythingTold(stage);
  for (const secret of [
    ground.password,
    JSON.stringify(ground.password).slice(1, -1),
    encodeURIComponent(ground.password),
  ])
    expect(said).not.toContain(secret);
  expect(said).not.toMatch(/PRIVATE KEY|IDENTIFIED BY|INSERT INTO|gAAAA|\*[0-9A-F]{40}/);
});
