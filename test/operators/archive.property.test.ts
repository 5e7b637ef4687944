import { createHash, generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { openFrames, statementsOf } from '../../src/archive/reader.ts';
import { keyId, readPrivateKey, readPublicKey, seal, unseal } from '../../src/archive/seal.ts';
import { openInserts, type RawRow, type Statements, schemaSql } from '../../src/archive/sql.ts';
import { finishArchive } from '../../src/archive/sum-up.ts';
import { createArchive } from '../../src/archive/writer.ts';
import { type CloudDatabases, cloudDatabases } from './cloud.ts';

const pair = generateKeyPairSync('x25519');
const other = generateKeyPairSync('x25519');
let folder: string;
let path: string;
let cloud: CloudDatabases | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-frames-'));
  path = join(folder, 'a-1.sql.zst');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => cloud?.drop());

const schema = schemaSql('CREATE TABLE `token` (\n  `id` varchar(64) NOT NULL,\n  PRIMARY KEY (`id`)\n)');

function insertsOf(table: string, columns: readonly string[], rows: readonly RawRow[]): Statements {
  const inserts = openInserts(table, columns);
  for (const row of rows) inserts.add(row);
  return inserts.statements();
}

async function write(key: Parameters<typeof createArchive>[0]['key'], texts: readonly string[]): Promise<void> {
  const archive = await createArchive({ path, schema, key, from: '' });
  for (const [index, said] of texts.entries()) {
    const statements = insertsOf('token', ['id', 'extra'], [[Buffer.from(`${index}`), Buffer.from(said)]]);
    await archive.append({ rows: 1, from: `${index}`, to: `${index + 1}`, first: 'a', last: 'b', statements });
  }
  await archive.close();
}

async function readAll(key: Parameters<typeof openFrames>[1]): Promise<string[]> {
  const said: string[] = [];
  for await (const frame of openFrames(path, key)) said.push(...statementsOf(frame));
  return said;
}

test('whatever is written comes back, sealed or in clear; the file is 0600', async () => {
  for (const keys of [null, pair]) {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), async (texts) => {
        rmSync(path, { force: true });
        await write(keys?.publicKey ?? null, texts);
        const said = await readAll(keys?.privateKey ?? null);
        expect(said).toHaveLength(3 + texts.length);
        expect(statSync(path).mode & 0o777).toBe(0o600);
      }),
      { numRuns: 25 },
    );
  }
});

test('one byte changed anywhere, a byte less, another key: never taken for whole', async () => {
  await write(pair.publicKey, ['first', 'second', 'third']);
  const whole = readFileSync(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] ?? 0) ^ flip;
      writeFileSync(path, broken);
      const said = await readAll(pair.privateKey).catch((error: Error) => error);
      // A head says in clear what nobody relies on; whatever holds rows is bound to its place.
      if (Array.isArray(said)) expect(said.slice(3)).toEqual(expected(['first', 'second', 'third']));
    }),
    { numRuns: 200 },
  );
  writeFileSync(path, whole);
  truncateSync(path, whole.length - 1);
  await expect(readAll(pair.privateKey)).rejects.toThrow('damaged or cut off after frame 2');
  writeFileSync(path, whole);
  await expect(readAll(other.privateKey)).rejects.toThrow('another key');
  await expect(readAll(null)).rejects.toThrow('give the private key');
  appendFileSync(path, 'x');
  await expect(readAll(pair.privateKey)).rejects.toThrow('damaged or cut off');
});

test('what a death tore behind the last whole frame goes when the archive is ended: sha256sum says what the manifest says', async () => {
  await write(null, ['first', 'second']);
  const whole = readFileSync(path);
  appendFileSync(path, whole.subarray(0, 40));
  const facts = { cloud: 'demo', table: 'token', columns: [], schemaSha256: '', server: '', part: 1, parts: [] };
  const ending = { before: '', deleted: true, job: 'a1b2', human: 'alice', endedAt: '' };
  const made = await finishArchive(path, { ...facts, ...ending }, { next: null, atLeast: whole.length });
  expect(readFileSync(path)).toEqual(whole);
  expect(made).toMatchObject({ bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') });
  appendFileSync(path, whole);
  expect(await readAll(null)).toHaveLength(5);
});

function expected(texts: readonly string[]): string[] {
  return texts.map((said, index) =>
    insertsOf('token', ['id', 'extra'], [[Buffer.from(`${index}`), Buffer.from(said)]]).sql.toString(),
  );
}

test('a sealed frame opens only at its place', () => {
  const { pieces, ...key } = seal(pair.publicKey, Buffer.from('rows'), 'archive 1');
  const sealed = { ...key, payload: Buffer.concat(pieces) };
  expect(unseal(pair.privateKey, sealed, 'archive 1').toString()).toBe('rows');
  expect(() => unseal(pair.privateKey, sealed, 'archive 2')).toThrow('another key, or the file was changed');
});

test('keys are named by both their halves, and a wrong file is told with what to type', () => {
  const file = join(folder, 'key.pem');
  writeFileSync(file, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  expect(keyId(readPrivateKey(file))).toBe(keyId(pair.publicKey));
  expect(() => readPublicKey(file)).toThrow('holds a private key');
  writeFileSync(file, generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }));
  expect(() => readPublicKey(file)).toThrow('openssl genpkey -algorithm X25519');
  expect(() => readPublicKey(join(folder, 'none'))).toThrow('cannot be read');
});

test('no statement is longer than a packet of 1 MiB, though rows be as long as the table allows', () => {
  const row = [Buffer.from('id'), Buffer.from("'".repeat(65_535))];
  const { sql, lengths } = insertsOf('token', ['id', 'extra'], Array<RawRow>(40).fill(row));
  expect(Math.max(...lengths)).toBeLessThan(1024 * 1024 - 1024);
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(sql.length);
});

test('a real server takes back every value as it was, whatever quotes and NULs it holds', async () => {
  cloud = await cloudDatabases();
  const { root, keystone } = cloud;
  await root.query(`USE ${keystone.name}`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(fc.string({ unit: 'binary-ascii', maxLength: 40 })), { maxLength: 8 }),
      async (bodies) => {
        const rows: RawRow[] = bodies.map((body, index) => [
          Buffer.from(`id${index}`),
          Buffer.from('2026-01-02 03:04:05'),
          body === null ? null : Buffer.from(body),
          Buffer.from('1'),
        ]);
        await root.query('DELETE FROM token');
        const { sql, lengths } = insertsOf('token', ['id', 'expires', 'extra', 'valid'], rows);
        for (let at = 0, n = 0; n < lengths.length; at += lengths[n] ?? 0, n += 1)
          await root.query(
            sql
              .toString('utf8', at, at + (lengths[n] ?? 0))
              .trimEnd()
              .replace(/;$/, ''),
          );
        const [found] = await root.query('SELECT extra FROM token ORDER BY id');
        expect(found).toEqual(bodies.map((extra) => ({ extra })));
      },
    ),
    { numRuns: 40 },
  );
});
