import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openFrames } from '../../src/archive/reader.ts';
import { openStream } from '../../src/archive/stream.ts';
import { findProgram } from '../../src/embedded/process.ts';
import { openFolder } from '../../src/stores/folder.ts';
import { type BackupCloud, backupCloud, type Made, scratchOf } from '../backups/cloud.ts';
import { pathWithDump, realDump } from '../backups/dump-program.ts';
import { cannotMount, limitFiles, smallDisk, withLimits } from './small-disk.ts';

let cloud: BackupCloud;
const path = process.env['PATH'] ?? '';
const { signal } = new AbortController();
beforeAll(async () => {
  // Some 25 MB: a restore takes long enough to be disturbed.
  cloud = await backupCloud({ tokens: 40_000 });
});
afterEach(() => {
  process.env['PATH'] = path;
});
afterAll(() => cloud.drop());

const dumpFolder = (): string => join(cloud.ground.folder, 'dumps');
const files = (): string[] => (existsSync(dumpFolder()) ? readdirSync(dumpFolder()) : []);

/** The manifest says the same as the row, whoever wrote it. */
function rewrite(made: Made, facts: Made['facts']): Made {
  writeFileSync(`${made.path}.json`, JSON.stringify(facts));
  return { ...made, facts };
}

/** The file without one table of keystone's, and a manifest and row that fit it. */
async function lossy(made: Made, table: string): Promise<Made> {
  let text = '';
  for await (const { sql } of openFrames(made.path, null)) text += sql.toString('latin1');
  const [before = '', after = ''] = text.split(`--\n-- Table structure for table \`${table}\`\n--`);
  const rest = after.slice(after.indexOf('--\n-- Table structure for table'));
  const stream = openStream(await openFolder(dirname(made.path)).create(basename(made.path), signal), null);
  await stream.write(Buffer.from(before + rest, 'latin1'));
  return rewrite(made, { ...made.facts, ...(await stream.finish()) });
}

function sha256Of(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

test('as it is, it is proven, and nothing of the server it was proven in is left', async () => {
  const made = await cloud.dump();
  expect(made.facts.databases.find(({ name }) => name === cloud.keystone)).toMatchObject({
    revision: ['abc123'],
    tables: { token: 40_000, project: 3, user: 1 },
  });
  expect(await cloud.prove(made)).toMatchObject({ verdict: 'proven', rows: 40_000 + 3 + 1 + 2 + 1 + 3 });
  expect(readdirSync(scratchOf(cloud.ground))).toEqual([]);
});

test('a proof clears away what a dead one of its cloud left, and no other cloud’s, wherever that one’s worker runs', async () => {
  const folders = ['proof-demo-Ab12Cd', 'proof-demo-eu-Ab12Cd', 'proof-other-Ab12Cd'];
  for (const name of folders) mkdirSync(join(scratchOf(cloud.ground), name), { recursive: true });
  expect(await cloud.prove(await cloud.dump())).toMatchObject({ verdict: 'proven' });
  expect(readdirSync(scratchOf(cloud.ground)).toSorted()).toEqual(folders.slice(1));
  for (const name of folders) rmSync(join(scratchOf(cloud.ground), name), { recursive: true, force: true });
});

test('a copy clears away what a dead worker began of it', async () => {
  const made = await cloud.dump();
  const copies = join(cloud.ground.folder, 'elsewhere');
  mkdirSync(copies);
  for (const name of [basename(made.path), 'another']) writeFileSync(join(copies, `${name}.0a1b2c3d.part`), 'half');
  expect(await cloud.dumps({ copies }).copy({ ...made, signal })).toBe(join(copies, basename(made.path)));
  expect(readdirSync(copies).toSorted()).toEqual(['another.0a1b2c3d.part', basename(made.path)]);
});

test('the login that a killed worker left is off the disk with the next dump, a fresh one stays', async () => {
  const [left, fresh] = ['vigie-login-left', 'vigie-login-fresh'].map((name) => mkdtempSync(join(tmpdir(), name)));
  const before = new Date(Date.now() - 7_200_000);
  utimesSync(left ?? '', before, before);
  await cloud.dump();
  expect([left, fresh].map((folder) => existsSync(folder ?? ''))).toEqual([false, true]);
  rmSync(fresh ?? '', { recursive: true });
});

test('cut off: the proof fails', async () => {
  const made = await cloud.dump();
  truncateSync(made.path, made.facts.bytes - 1000);
  expect(await cloud.prove(made)).toEqual({
    verdict: 'failed',
    why: `${made.path} is cut off: ${made.facts.bytes - 1000} of its ${made.facts.bytes} bytes are there`,
  });
});

test('one byte flipped: the proof fails, even where manifest and row were made to fit it', async () => {
  for (const publicKey of ['none', join(cloud.ground.folder, 'backup.pub.pem')]) {
    const made = await cloud.dump({ publicKey });
    const bytes = readFileSync(made.path);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(made.path, bytes);
    expect(await cloud.prove(made)).toMatchObject({
      verdict: 'failed',
      why: expect.stringContaining('SHA-256 is another'),
    });
    const forged = rewrite(made, { ...made.facts, sha256: sha256Of(made.path) });
    expect(await cloud.prove(forged)).toMatchObject({
      verdict: 'failed',
      why: expect.stringMatching(/damaged|changed/),
    });
  }
});

test('a table is missing: the dump is refused, and a file that lost one is not proven', async () => {
  wrapDump(`exec ${realDump} "$@" --ignore-table=${cloud.keystone}.project`);
  await expect(cloud.dump()).rejects.toThrow(`${cloud.keystone}.project is on the server and not in the dump`);
  process.env['PATH'] = path;
  expect(await cloud.prove(await lossy(await cloud.dump({ publicKey: 'none' }), 'project'))).toEqual({
    verdict: 'failed',
    why: `${cloud.keystone}.project is in the manifest and was not restored`,
  });
  const made = await cloud.dump();
  const [first, ...others] = made.facts.databases;
  if (first === undefined) throw new Error('nothing was dumped');
  const fewer = { ...first, tables: { ...first.tables, token: 39_999 } };
  expect(await cloud.prove(rewrite(made, { ...made.facts, databases: [fewer, ...others] }))).toMatchObject({
    verdict: 'failed',
    why: `${cloud.keystone}.token has 40000 rows, and 39999 were dumped`,
  });
});

test('the dump of a server that holds nothing: refused before it begins, and never proven', async () => {
  const empty = await backupCloud({ tokens: 1 });
  try {
    await empty.root.query(`DELETE FROM ${empty.keystone}.project WHERE id <> '<<keystone.domain.root>>'`);
    const made = await empty.dump();
    expect(await empty.prove(made)).toEqual({
      verdict: 'failed',
      why: `${empty.keystone} holds no domain: it is no keystone that anybody used`,
    });
    await empty.root.query(`DROP DATABASE ${empty.keystone}`);
    await empty.root.query(`CREATE DATABASE ${empty.keystone}`);
    const dumps = empty.dumps();
    const [main] = dumps.servers();
    if (main === undefined) throw new Error('no server');
    await expect(dumps.survey(main, { signal: new AbortController().signal })).rejects.toThrow('has no table at all');
    await expect(empty.dump()).rejects.toThrow('has no table at all');
  } finally {
    await empty.drop();
  }
});

test('a worker with another key, or none, proves nothing and says whose it is', async () => {
  const made = await cloud.dump();
  const other = join(cloud.ground.folder, 'other.pem');
  writeFileSync(other, generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }));
  for (const privateKey of [other, null])
    expect(await cloud.prove(made, { privateKey })).toMatchObject({
      verdict: 'unproven',
      why: expect.stringMatching(
        new RegExp(`^it is sealed to key ${made.facts.keyId}, whose private half .* does not have`),
      ),
    });
});

test('of another major version: unproven', async () => {
  const made = await cloud.dump();
  const older = { ...made.facts, source: { ...made.facts.source, version: '10.3.39-MariaDB' } };
  expect(await cloud.prove({ ...made, facts: older })).toMatchObject({
    verdict: 'unproven',
    why: expect.stringMatching(/^it is of MariaDB 10\.3, and .* has \d+\.\d+: a proof wants the same$/),
  });
});

test('the throw-away server is killed in the middle: unproven, with that reason', async () => {
  const made = await cloud.dump();
  const killed = whenUp(async (folder) => {
    await delay(300);
    process.kill(scratchPid(folder), 'SIGKILL');
  });
  expect(await cloud.prove(made)).toMatchObject({
    verdict: 'unproven',
    why: expect.stringContaining('the scratch server ended in the middle of it'),
  });
  await killed;
});

test('no room: a dump says so and leaves nothing, a proof is not begun; a disk that fills up is told as that', async (context) => {
  const small = smallDisk(cloud.ground.folder, 'small', '256k');
  const medium = smallDisk(cloud.ground.folder, 'medium', '640m');
  if (small === null || medium === null) return context.skip(cannotMount);
  try {
    await expect(cloud.dump({ target: small })).rejects.toThrow(/disk .*is full/);
    expect(readdirSync(small)).toEqual([]);
    const made = await cloud.dump();
    expect(await cloud.prove(made, { scratch: small })).toMatchObject({
      verdict: 'unproven',
      why: expect.stringMatching(/^a proof may need .* GB, and .*small on .* has 0 GB left$/),
    });
    const filled = whenUp(async () => {
      spawnSync('sh', ['-c', `head -c 700000000 /dev/zero > ${medium}/zeros`], { stdio: 'ignore' });
    }, medium);
    expect(await cloud.prove(made, { scratch: medium })).toMatchObject({
      verdict: 'unproven',
      why: expect.stringMatching(/^the disk of .* is full$/),
    });
    await filled;
  } finally {
    for (const disk of [small, medium]) execFileSync('umount', [disk]);
  }
});

withLimits('a file that may not grow any more: a dump says so and leaves nothing, a proof knows nothing', async () => {
  const before = files();
  limitFiles(process.pid, 200_000);
  const dumping = cloud.dump().finally(() => limitFiles(process.pid, 'unlimited'));
  await expect(dumping).rejects.toThrow('the file may not grow any more');
  expect(files()).toEqual(before);
  const made = await cloud.dump();
  const limited = whenUp(async (folder) => limitFiles(scratchPid(folder), 13 * 1024 * 1024));
  expect(await cloud.prove(made)).toMatchObject({
    verdict: 'unproven',
    why: expect.stringMatching(/full|ended in the middle/),
  });
  await limited;
});

test('a program that stops early, is killed, or meets a db_sync: no dump, and nothing of it on the disk', async () => {
  const before = files();
  wrapDump(`${realDump} "$@" | head -c 1000000`);
  await expect(cloud.dump()).rejects.toThrow('the dump has no end');
  wrapDump(`${realDump} "$@" | head -c 1000000; kill -9 $$`);
  await expect(cloud.dump()).rejects.toThrow('the dump broke off: it ended with');
  wrapDump(
    `${realDump} "$@"; ${findProgram('mariadb')} --no-defaults --socket=${socket()} --user=root -e 'ALTER TABLE ${cloud.keystone}.project ADD COLUMN extra text'`,
  );
  await expect(cloud.dump()).rejects.toThrow('tables changed while they were dumped (a db_sync?)');
  expect(files()).toEqual(before);
});

test('what a program says of passwords and statements goes nowhere', async () => {
  wrapDump(
    `echo "mariadb-dump: Got error: 1045: Access denied for user 'dump'@'x' (using password: YES) SELECT secret" >&2; exit 2`,
  );
  await expect(cloud.dump()).rejects.toThrow(/^the dump broke off: the server refused the login$/);
});

test('a folder that cannot be had is told in one line: no dump is left half made, and nothing is said of one that is there', async () => {
  const made = await cloud.dump();
  const before = files();
  const temporary = process.env['TMPDIR'];
  process.env['TMPDIR'] = '/dev/null/x';
  try {
    await expect(cloud.dump()).rejects.toThrow(/^\/dev\/null\/x on \S+: a part of its path is no folder$/);
  } finally {
    if (temporary === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = temporary;
  }
  expect(files()).toEqual(before);
  expect(await cloud.prove(made, { scratch: '/dev/null/x' })).toEqual({
    verdict: 'unproven',
    why: expect.stringMatching(/^\/dev\/null\/x on \S+: a part of its path is no folder$/),
  });
});

test('whoever stops a dump finds nothing left of it', async () => {
  const before = files();
  const dumps = cloud.dumps();
  wrapDump('sleep 60');
  const order = { name: 'main', databases: cloud.server.databases, job: 'stop', human: 'alice', began: new Date() };
  const dump = dumps.dump({ ...order, signal: new AbortController().signal });
  await dump.next();
  await dump.return(undefined as never);
  expect(files()).toEqual(before);
});

function wrapDump(script: string): void {
  process.env['PATH'] = path;
  process.env['PATH'] = pathWithDump(cloud.ground.folder, script);
}

function socket(): string {
  return new URL(cloud.server.root).searchParams.get('socketPath') ?? '';
}

function scratchPid(folder: string): number {
  return Number(readFileSync(join(folder, 'mariadb.pid'), 'utf8').split(' ')[0]);
}

/** Once a proof's server answers. */
async function whenUp(act: (folder: string) => Promise<void>, parent = scratchOf(cloud.ground)): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await delay(20)) {
    const name = existsSync(parent) ? readdirSync(parent).find((one) => one.startsWith('proof-')) : undefined;
    const folder = join(parent, name ?? 'none');
    const log = join(folder, 'mariadb.log');
    if (existsSync(log) && readFileSync(log, 'utf8').includes('ready for connections')) return act(folder);
  }
}
