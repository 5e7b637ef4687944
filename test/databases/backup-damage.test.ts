import {
  chmodSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { socketPath } from '../../src/embedded/server.ts';
import { type BackupCloud, backupCloud, scratchOf } from '../backups/cloud.ts';

let cloud: BackupCloud;
beforeAll(async () => {
  cloud = await backupCloud();
});
afterAll(() => cloud.drop());

const lastTable = (): string => `${cloud.server.databases.at(-1)}.zz_ledger`;

test('a table that is damaged once it was restored: CHECK TABLE finds it, and the proof fails with what that says', async () => {
  await cloud.root.query(`CREATE TABLE ${lastTable()} (id int PRIMARY KEY, word varchar(200)) ENGINE=Aria`);
  await cloud.root.query(`INSERT INTO ${lastTable()} SELECT seq, REPEAT(MD5(seq), 6) FROM seq_1_to_2000`);
  try {
    const made = await cloud.dump();
    const damaged = damageOnceRestored();
    const proof = await cloud.prove(made);
    await damaged;
    expect(proof).toEqual({
      verdict: 'failed',
      why: expect.stringMatching(new RegExp(`^${lastTable()} is damaged: CHECK TABLE says \\S.*(CRC|Page|error)`)),
    });
    expect(readdirSync(scratchOf(cloud.ground))).toEqual([]);
  } finally {
    await cloud.root.query(`DROP TABLE ${lastTable()}`);
  }
});

test('a file that this worker may not read is not called bad: the proof names it and what to do, and can be had later', async () => {
  const made = await cloud.dump();
  const why = `${made.path} on ${hostname()} cannot be read: the worker’s user may not: give that one the right to, on the file and the folders above it`;
  chmodSync(made.path, 0o000);
  chmodSync(`${made.path}.json`, 0o644);
  expect(await asNobody(() => cloud.prove(made))).toEqual({ verdict: 'unproven', why });
  chmodSync(made.path, 0o644);
  chmodSync(`${made.path}.json`, 0o000);
  expect(await asNobody(() => cloud.prove(made))).toEqual({
    verdict: 'unproven',
    why: why.replace(made.path, `${made.path}.json`),
  });
  chmodSync(`${made.path}.json`, 0o644);
  const folder = dirname(made.path);
  chmodSync(folder, 0o600);
  // Of the two files either may be tried first.
  const either = [why, why.replace(made.path, `${made.path}.json`)].map((one) => `not looked at: ${one}`);
  const proof = await asNobody(() => cloud.prove(made));
  expect(either.map((one) => ({ verdict: 'unproven', why: one }))).toContainEqual(proof);
  chmodSync(folder, 0o700);
  expect(await cloud.prove(made)).toMatchObject({ verdict: 'proven' });
});

test('a folder in the place of a dump is not read as one', async () => {
  const made = await cloud.dump();
  renameSync(made.path, `${made.path}.kept`);
  mkdirSync(made.path);
  expect(await cloud.prove(made)).toMatchObject({
    verdict: 'unproven',
    why: expect.stringContaining(`${made.path} on ${hostname()} cannot be read: it is a folder`),
  });
  rmdirSync(made.path);
  rmSync(`${made.path}.kept`);
});

/** Root may read everything; so for that long we are somebody else. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const { ground } = cloud;
  mkdirSync(scratchOf(ground), { recursive: true });
  for (const folder of [ground.folder, scratchOf(ground)]) chmodSync(folder, 0o777);
  for (const name of ['backup.pem', 'backup.pub.pem']) chmodSync(join(ground.folder, name), 0o644);
  const root = process.geteuid?.() === 0;
  // The folder of the dumps is root's own: they may be reached, and no more.
  if (root && (statSync(join(ground.folder, 'dumps')).mode & 0o100) !== 0)
    chmodSync(join(ground.folder, 'dumps'), 0o711);
  if (root) process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

/** The proof's own server holds the table in memory: it lets go of it, and some bytes of its file are others when it looks. */
async function damageOnceRestored(): Promise<void> {
  const folder = await scratchServer();
  const [holder, server] = [await entered(folder), await entered(folder)];
  const first = `${cloud.server.databases[0]}.alembic_version`;
  const [database = '', table = ''] = lastTable().split('.');
  const next = cloud.server.databases[1];
  await until(server, `SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${next}'`, 1);
  // Whoever looks at the tables begins with this one, and waits.
  await holder.query(`LOCK TABLES ${first} WRITE`);
  await until(server, `SELECT COUNT(*) AS n FROM ${lastTable()}`, 2000);
  await server.query(`FLUSH TABLES ${lastTable()}`);
  const data = join(folder, 'mariadb', database, `${table}.MAD`);
  const middle = Math.floor(readFileSync(data).length / 2);
  writeSync(openSync(data, 'r+'), Buffer.alloc(64, 0xa5), 0, 64, middle);
  await holder.query('UNLOCK TABLES');
  await Promise.all([holder.end(), server.end()]);
}

async function scratchServer(): Promise<string> {
  for (;;) {
    try {
      const name = readdirSync(scratchOf(cloud.ground)).find((one) => one.startsWith('proof-'));
      const folder = join(scratchOf(cloud.ground), name ?? 'none');
      await (await entered(folder)).end();
      return folder;
    } catch {
      await delay(20);
    }
  }
}

const entered = (folder: string): Promise<Connection> =>
  createConnection({ socketPath: socketPath(folder, 'mariadb'), user: 'root' });

async function until(server: Connection, sql: string, least: number): Promise<void> {
  for (;;) {
    const [rows] = await server.query<RowDataPacket[]>(sql).catch(() => [[]]);
    if (Number((rows as RowDataPacket[])[0]?.['n'] ?? 0) >= least) return;
    await delay(5);
  }
}
