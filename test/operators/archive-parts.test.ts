import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyId, readPrivateKey } from '../../src/archive/seal.ts';
import type { PlanContext } from '../../src/command/command.ts';
import { restorePlan } from '../../src/command/tokens/restore-plan.ts';
import { connectDatabases } from '../../src/mysql/databases.ts';
import type { SweepMark } from '../../src/openstack/cloud.ts';
import { archiveFolder, fillTokens, number } from '../databases/tokens.ts';
import { freshDatabase, type TestDatabase } from '../setup/servers.ts';
import { type CloudDatabases, cloudDatabases, rootDsn } from './cloud.ts';

let cloud: CloudDatabases;
let scratch: TestDatabase;
let place: ReturnType<typeof archiveFolder>;
const opened: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  cloud = await cloudDatabases();
  scratch = await freshDatabase('scratch');
  place = archiveFolder();
  await fillTokens(cloud.root, cloud.keystone.name, 3000);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await cloud.drop();
  await scratch.drop();
  place.drop();
});

const limits = { signal: new AbortController().signal, notAfter: Number.POSITIVE_INFINITY };
const cutoff = new Date(Date.now() - 50 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
const order = { job: 'a1b2', human: 'alice', table: 'token' as const, cutoff, archive: true, purge: true, index: null };

function keyPair(name: string): { publicKey: string; privateKey: string; id: string } {
  const pair = generateKeyPairSync('x25519');
  const keys = join(place.folder, 'keys');
  mkdirSync(keys, { recursive: true });
  const [publicKey, privateKey] = [join(keys, `${name}.pub.pem`), join(keys, `${name}.pem`)];
  writeFileSync(publicKey, pair.publicKey.export({ format: 'pem', type: 'spki' }));
  writeFileSync(privateKey, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return { publicKey, privateKey, id: keyId(readPrivateKey(privateKey)) };
}

function worker(keys: { publicKey: string; privateKey: string | null }): ReturnType<typeof connectDatabases> {
  const dsns = { keystone: rootDsn(cloud.keystone), scratch: rootDsn(scratch), cells: {} };
  const made = connectDatabases({
    cloud: 'demo',
    dsns,
    archive: { folder: place.folder, ...keys },
    now: () => new Date(),
  });
  opened.push(made);
  return made;
}

/** The first is gone after a chunk, the second goes on from its mark to the end. */
async function twoWorkers(first: ReturnType<typeof worker>, second: ReturnType<typeof worker>): Promise<void> {
  const dying = await first.openSweep(order, null);
  const chunk = await dying.next();
  if (chunk === null) throw new Error('no chunk');
  await dying.close();
  const sweep = await second.openSweep(order, chunk.mark);
  let mark: SweepMark = chunk.mark;
  for (let next = await sweep.next(); next !== null; next = await sweep.next()) {
    mark = next.mark;
    await sweep.remove(next, limits);
  }
  await sweep.finish(mark);
  await sweep.close();
}

const files = (): string[] => readdirSync(place.folder).filter((name) => /\.zst(\.sealed)?$/.test(name));

function manifestOf(part: number): { keyId: string; part: number; parts: { host: string; name: string }[] } {
  const name = files().find((one) => one.includes(`-${part}.sql`)) ?? '';
  return JSON.parse(readFileSync(join(place.folder, `${name}.json`), 'utf8'));
}

test('a key changed between two workers: each manifest names the key its part is sealed to', async () => {
  const [old, young] = [keyPair('old'), keyPair('young')];
  await twoWorkers(worker({ ...old, privateKey: null }), worker({ ...young, privateKey: null }));
  expect([manifestOf(1).keyId, manifestOf(2).keyId]).toEqual([old.id, young.id]);
  expect(manifestOf(1).parts.map(({ name }) => name)).toEqual(files().sort());
});

test.each([1, 2])('an archive whose part %i is elsewhere is not restored as if it were all of it', async (part) => {
  const clear = worker({ publicKey: 'none', privateKey: null });
  await twoWorkers(clear, clear);
  const context = { cloud: { name: 'demo', databases: clear } } as unknown as PlanContext;
  const [name = ''] = files();
  const archive = name.replace(/-\d+\.sql\.zst$/, '');
  expect((await restorePlan(archive, context)).steps).toHaveLength(3);
  const absent = files().find((one) => one.includes(`-${part}.sql`)) ?? '';
  for (const file of [absent, `${absent}.json`]) rmSync(join(place.folder, file));
  await expect(restorePlan(archive, context)).rejects.toThrow(`not all of ${archive} is here: ${absent} is on `);
  const [left = ''] = files();
  expect((await restorePlan(left, context)).steps).toHaveLength(2);
  rmSync(join(place.folder, `${left}.json`));
  if (part === 1) await expect(restorePlan(archive, context)).rejects.toThrow('its part 1 is not on this worker');
  else expect(JSON.stringify((await restorePlan(archive, context)).blocks)).toContain('more parts on other hosts');
});

test('an archive of that name that was proven is never overwritten', async () => {
  const clear = worker({ publicKey: 'none', privateKey: null });
  await twoWorkers(clear, clear);
  const before = files().map((name) => readFileSync(join(place.folder, name)));
  await cloud.root.query(`INSERT IGNORE INTO token SELECT * FROM original`);
  const rows = await number(cloud.root, 'SELECT COUNT(*) AS n FROM token');
  const sweep = await clear.openSweep(order, null);
  await expect(sweep.next()).rejects.toThrow('already, with its manifest: nothing is deleted');
  await sweep.close();
  expect(files().map((name) => readFileSync(join(place.folder, name)))).toEqual(before);
  expect(await number(cloud.root, 'SELECT COUNT(*) AS n FROM token')).toBe(rows);
});
