import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CloudDatabases, cloudDatabases, rootDsn } from '../operators/cloud.ts';

import { chance, seed, times } from '../setup/chance.ts';
import { refuseTokens } from './sweeping.ts';
import { archiveFolder, type Balance, balance, fillTokens, number } from './tokens.ts';

const rows = 6000;
const points = times(12);

let cloud: CloudDatabases;
let place: ReturnType<typeof archiveFolder>;
let key: string;
let checkpoint: string;
/** What the last process said before it died. */
let trouble = '';
/** Where in a chunk that was, and so many bytes of the archive were on the disk; null where the clock killed it. */
let died: { at: string; safe: number } | null = null;
beforeEach(async () => {
  cloud = await cloudDatabases();
  place = archiveFolder();
  const pair = generateKeyPairSync('x25519');
  key = join(place.folder, 'key.pem');
  writeFileSync(key, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(join(place.folder, 'key.pub.pem'), pair.publicKey.export({ format: 'pem', type: 'spki' }));
  checkpoint = join(place.folder, 'checkpoint');
  await fillTokens(cloud.root, cloud.keystone.name, rows, 1500);
});
afterEach(async () => {
  await cloud.drop();
  place.drop();
});

type Die = { at: 'datasync' | 'delete' | 'deleted'; chunk: number };

interface Wish {
  readonly purge?: boolean;
  readonly index?: string | null;
  readonly die?: Die;
  readonly killAfterMs?: number;
}

/** One process; its outcome, or null where it was killed first. */
async function sweep({
  purge = true,
  index = null,
  die,
  killAfterMs,
}: Wish): Promise<{ state: string; note: string; output: unknown } | null> {
  const cutoff = new Date(Date.now() - 48 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const task = join(place.folder, 'task.json');
  const input = { cutoff, archive: true, purge, index, expected: null };
  const publicKey = join(place.folder, 'key.pub.pem');
  const keystone = rootDsn(cloud.keystone);
  writeFileSync(
    task,
    JSON.stringify({ keystone, folder: place.folder, publicKey, checkpoint, input, die: die ?? null }),
  );
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/programs/sweeper.ts', task], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  trouble = '';
  child.stderr.on('data', (bytes) => {
    trouble += bytes;
  });
  child.stdout.on('data', (bytes) => {
    if (said === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    said += bytes;
  });
  await new Promise((resolve) => child.once('close', resolve));
  if (existsSync(checkpoint)) refuseTokens('the checkpoint', readFileSync(checkpoint, 'utf8'));
  const last = said.trim().split('\n').at(-1) ?? '';
  const [, at = '', safe] = /^died at (\w+), (\d+) bytes safe$/.exec(last) ?? [];
  died = at === '' ? null : { at, safe: Number(safe) };
  return last.startsWith('{') ? JSON.parse(last) : null;
}

async function expectNothingLost(): Promise<Balance> {
  const found = await balance(cloud.root, cloud.keystone.name, { folder: place.folder, key });
  expect(found).toMatchObject({ lost: 0, livingGone: 0 });
  return found;
}

/** By the clock, wherever that is, and in the windows that the clock hardly ever meets. */
const places = ['by the clock', 'datasync', 'delete', 'deleted'] as const;

test(`archive and purge killed at ${points} random moments, three in four of them between two acts of a chunk: nothing is lost, and the end is clean`, {
  timeout: 300_000 + points * 30_000,
}, async () => {
  const random = chance(seed);
  const met = new Map<string, number>();
  let index: string | null = null;
  for (let killed = 0; killed < points; ) {
    const at = places[killed % places.length] ?? 'by the clock';
    const how =
      at === 'by the clock'
        ? { killAfterMs: random() * 700 }
        : { die: { at, chunk: 1 + Math.floor(random() * 4) } satisfies Die };
    const end = await sweep({ ...how, index });
    await expectNothingLost();
    if (end === null) {
      killed += 1;
      met.set(at, (met.get(at) ?? 0) + 1);
      expect(died?.at ?? 'by the clock').toBe(at);
    } else {
      await again();
      index = index === null ? 'ix_token_expires' : null;
    }
  }
  console.info(`seed ${seed}: killed ${[...met].map(([at, count]) => `${at} ${count}`).join(', ')}`);
  const end = await sweep({ index });
  expect(end?.state).toBe('done');
  const found = await balance(cloud.root, cloud.keystone.name, { folder: place.folder, key });
  expect(found).toMatchObject({ lost: 0, livingGone: 0, left: 0 });
});

/** It was through: all tokens come back, and it begins anew. */
async function again(): Promise<void> {
  for (const name of readdirSync(place.folder).filter((one) => one.startsWith('tokens-')))
    rmSync(join(place.folder, name));
  rmSync(checkpoint, { force: true });
  await cloud.root.query(
    `INSERT IGNORE INTO ${cloud.keystone.name}.token SELECT * FROM ${cloud.keystone.name}.original`,
  );
}

test.each<Die>([
  { at: 'datasync', chunk: 2 },
  { at: 'datasync', chunk: 3 },
  { at: 'delete', chunk: 1 },
  { at: 'delete', chunk: 3 },
  { at: 'deleted', chunk: 2 },
])('killed at the $at of chunk $chunk: nothing is lost, the next goes on and ends clean', async (die) => {
  expect(await sweep({ die })).toBeNull();
  expect(died?.at).toBe(die.at);
  expectWindow(die.at, await expectNothingLost());
  const about = existsSync(checkpoint) ? 'about ' : '';
  const end = await sweep({});
  expect(end).toMatchObject({ state: 'done', output: { about: about !== '' } });
  expect(end?.note).toMatch(new RegExp(`^${about}\\d+ rows archived, ${about}\\d+ rows deleted$`));
  const expired = await number(
    cloud.root,
    `SELECT COUNT(*) AS n FROM ${cloud.keystone.name}.original WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY`,
  );
  const found = await balance(cloud.root, cloud.keystone.name, { folder: place.folder, key });
  expect(found).toMatchObject({ lost: 0, livingGone: 0, left: 0, archived: expired });
  expectManifests(expired);
});

/** It was really killed there: what was written, what was on the disk, what the intent vouches for and the table has tell. */
function expectWindow(at: Die['at'], { archived, inTable }: Balance): void {
  const names = readdirSync(place.folder).filter((name) => name.endsWith('.sealed'));
  const written = names.reduce((sum, name) => sum + statSync(join(place.folder, name)).size, 0);
  const safe = died?.safe ?? 0;
  const vouched = existsSync(checkpoint) ? JSON.parse(readFileSync(checkpoint, 'utf8')).parts[0].bytes : 0;
  expect(safe).toBeGreaterThanOrEqual(vouched);
  if (at === 'datasync') expect(written).toBeGreaterThan(safe);
  // The intent's rows stand in both.
  if (at === 'delete') expect([vouched > 0, archived + inTable > rows + 1]).toEqual([true, true]);
}

/** Every part has one, and together they say how many rows there are: those that may stand twice are told. */
function expectManifests(expired: number): void {
  const names = readdirSync(place.folder).filter((name) => name.endsWith('.sealed'));
  const manifests = names.map((name) => JSON.parse(readFileSync(join(place.folder, `${name}.json`), 'utf8')));
  const sum = (what: string): number => manifests.reduce((total, one) => total + one[what], 0);
  expect(sum('rows')).toBeGreaterThanOrEqual(expired);
  expect(sum('rows') - sum('again')).toBeLessThanOrEqual(expired);
}

test('an archive whose disk went away after rows were deleted stops everything', async () => {
  expect(await sweep({ die: { at: 'delete', chunk: 4 } })).toBeNull();
  for (const name of readdirSync(place.folder).filter((one) => one.endsWith('.sealed')))
    rmSync(join(place.folder, name));
  const before = await number(cloud.root, `SELECT COUNT(*) AS n FROM ${cloud.keystone.name}.token`);
  expect(await sweep({})).toBeNull();
  expect(trouble).toMatch(/the archive .* is gone or shorter than it was.*: nothing more is deleted/);
  expect(await number(cloud.root, `SELECT COUNT(*) AS n FROM ${cloud.keystone.name}.token`)).toBe(before);
});

test('an archive alone, killed on the way: every expired row is in it, the table as it was', async () => {
  expect(await sweep({ purge: false, die: { at: 'datasync', chunk: 4 } })).toBeNull();
  expect(await sweep({ purge: false })).toMatchObject({ state: 'done' });
  const found = await balance(cloud.root, cloud.keystone.name, { folder: place.folder, key });
  expect(found).toMatchObject({ lost: 0, livingGone: 0, inTable: rows + 1 });
  expect(found.archived).toBe(found.left);
  expect(existsSync(checkpoint)).toBe(true);
});
