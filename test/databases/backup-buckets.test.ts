import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../../src/embedded/process.ts';
import type { BackupSettings } from '../../src/openstack/config.ts';
import { openBucket } from '../../src/stores/bucket.ts';
import { type BackupGround, backupGround } from '../backups/ground.ts';
import { everythingTold } from '../backups/told.ts';
import { onDebian } from '../setup/debian.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import { access, type Swift, startSwift } from './swift.ts';

describe.runIf(onDebian)('backups in a bucket of a real Swift', () => {
  let swift: Swift;
  let ground: BackupGround;
  let stage: Stage;
  let root: Connection;
  const path = process.env['PATH'] ?? '';
  beforeAll(async () => {
    swift = await startSwift();
  }, 180_000);
  afterAll(() => swift?.drop());
  beforeEach(async () => {
    ground = backupGround();
    for (const name of await swift.names()) await openBucket(swift.settings({ prefix: '' })).remove(name);
  });
  afterEach(async () => {
    await swift.start();
    process.env['PATH'] = path;
    await noSecretWasTold();
    await root.end();
    await stage.close();
    await ground.drop();
  });

  async function open(changes: Partial<BackupSettings> = {}): Promise<void> {
    const settings = { target: swift.settings(), keep: 1, ...changes };
    stage = await openStage({ backup: (server) => ground.settings(server, settings) });
    await ground.admit(stage.cloud.databaseServer);
    root = await createConnection(stage.cloud.databaseServer.root);
    await root.query(`USE ${keystone()}`);
    // What zstd cannot make smaller: some 18 MB, so that a dump goes in several parts. RANDOM_BYTES gives 1024 at most.
    const noise = Array.from({ length: 12 }, () => 'TO_BASE64(RANDOM_BYTES(1024))').join(', ');
    await root.query(`INSERT INTO token (id, valid, extra) SELECT MD5(seq), 1, CONCAT(${noise}) FROM seq_1_to_1500`);
  }
  const keystone = (): string => stage.cloud.databaseServer.databases[0] ?? '';
  /** A proof makes a server: on a busy machine that takes its time. */
  const run = (line: string) => stage.run(line, 200_000);
  const title = (words: string): string => words.split('\n')[0] ?? '';
  const inBucket = async (): Promise<string[]> =>
    (await swift.names()).filter((name) => !name.endsWith('.json')).map((name) => name.replace('prod-eu/', ''));
  const onDisk = (): string[] => readdirSync(ground.folder).filter((name) => name === 'dumps');
  const scratch = (): string[] => readdirSync(join(ground.folder, 'scratch'));

  async function noSecretWasTold(): Promise<void> {
    const said = await everythingTold(stage);
    for (const secret of [access.secretKey, encodeURIComponent(access.secretKey), ground.password])
      expect(said).not.toContain(secret);
    expect(said).not.toMatch(/Signature=|AWS4-HMAC|Credential=/);
  }

  test('a night: dumped into the bucket, fetched, proven, listed; the older one goes once the new one is proven', async () => {
    await open();
    const first = await run('backup run');
    expect(first.words).toMatch(/^backup of demo proven, restores in \d+ (s|min)\n/);
    expect(first.words).toMatch(/s3:\/\/vigie\/prod-eu\/dump-demo-main-\d{8}-\w+\.sql\.zst\.sealed/);
    const [name = ''] = await inBucket();
    expect(await swift.names()).toEqual([`prod-eu/${name}`, `prod-eu/${name}.json`]);
    const stored = await swift.bytesOf(`prod-eu/${name}`);
    expect(stored.length).toBeGreaterThan(16 * 1024 * 1024);
    expect(stored.includes('INSERT INTO')).toBe(false);
    expect([onDisk(), scratch()]).toEqual([[], []]);

    expect(title(await stage.say('rita', 'backup status'))).toMatch(/^last proven backup \d+ (s|min) ago, restores in/);
    expect(await stage.say('rita', 'backup list')).toMatch(/s3:\/\/vigie\/prod-eu/);
    const runbook = await stage.say('alice', 'backup runbook');
    expect(runbook).toContain(`aws --endpoint-url '${swift.endpoint}' s3 cp 's3://vigie/prod-eu/${name}' .`);
    expect(runbook).toMatch(new RegExp(`^echo '[0-9a-f]{64}  ${name}' \\| sha256sum -c$`, 'm'));

    expect((await run('backup run')).state).toBe('done');
    const left = await inBucket();
    expect(left).toHaveLength(1);
    expect(left).not.toContain(name);
  });

  test('a byte that changed in the bucket: the proof fails with that reason, and the one before stays the last proven', async () => {
    await open({ keep: 2 });
    expect(await run('backup run')).toMatchObject({ state: 'done' });
    const [first = ''] = await inBucket();
    await run('backup run');
    const second = (await inBucket()).find((name) => name !== first) ?? '';
    const bytes = await swift.bytesOf(`prod-eu/${second}`);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await swift.put(`prod-eu/${second}`, bytes);

    const tried = await run(`backup prove ${second}`);
    expect(tried.state).toBe('failed');
    expect(title(tried.words)).toBe('ALARM: the dump of demo cannot be restored');
    expect(tried.words).toContain(`s3://vigie/prod-eu/${second} is not as it was written: its SHA-256 is another`);
    expect(scratch()).toEqual([]);
    expect(await stage.say('alice', 'backup runbook')).toContain(first);
    await openBucket(swift.settings()).remove(first);
    const status = await stage.say('rita', 'backup status');
    expect(title(status)).toBe('demo has no proven backup of main');
    expect(status).toContain(`s3://vigie/prod-eu/${first} is gone: it was the last proven one of main`);
  });

  test('the store goes away in the middle of a dump: the job says so, nothing is listed; the next one clears up and is proven', async () => {
    await open();
    const hold = holdDump(8_000_000);
    const { job } = await stage.plan('backup run');
    if ((await stage.story.state(job)) === 'awaiting') await stage.approve(job);
    await expect.poll(() => swift.unfinished()).toHaveLength(1);
    await swift.kill();
    hold.release();
    const ran = await stage.ended(job, 200_000);
    expect(ran.state).toBe('failed');
    expect(title(ran.words)).toBe('ALARM: no dump of demo was made');
    expect(ran.words).toMatch(/failed: dump main http:\/\/localhost:\d+ (does not answer|closed the connection)/);
    expect(title(await stage.say('rita', 'backup list'))).toBe('nothing of demo was dumped yet');
    expect(await stage.say('alice', 'backup run')).toMatch(/localhost:\d+ does not answer: nothing listens there/);

    await swift.start();
    expect(await inBucket()).toEqual([]);
    expect(await swift.unfinished()).toHaveLength(1);
    expect((await run('backup run')).state).toBe('done');
    expect(await swift.unfinished()).toEqual([]);

    await swift.kill();
    const status = await stage.say('rita', 'backup status');
    expect(title(status)).toMatch(/^last proven backup/);
    expect(status).toMatch(/ago, http:\/\/localhost:\d+ does not answer: nothing listens there, not looked at/);
    const tried = await run('backup prove');
    expect(tried.words).toMatch(/unproven: prove dump-.* not looked at: http:\/\/localhost:\d+ does not answer/);
    expect(title(await stage.say('rita', 'backup list'))).toBe('1 dump of demo, 1 proven');
  });

  test('whoever cancels a dump finds nothing of it in the bucket', async () => {
    await open();
    const hold = holdDump(8_000_000);
    const { job } = await stage.plan('backup run');
    if ((await stage.story.state(job)) === 'awaiting') await stage.approve(job);
    await expect.poll(() => swift.unfinished()).toHaveLength(1);
    await stage.say('alice', `cancel ${job}`);
    expect((await stage.ended(job, 60_000)).state).toBe('cancelled');
    hold.release();
    expect([await swift.unfinished(), await swift.names()]).toEqual([[], []]);
  });

  test.each([null, 'none'])('without a key to seal to (%s) nothing leaves the host', async (publicKey) => {
    await open({ publicKey });
    expect(await stage.say('alice', 'backup run')).toContain(
      's3://vigie/prod-eu is off this host, and what goes there must be sealed: set public_key in vigie.backup',
    );
    expect(await swift.names()).toEqual([]);
  });

  test('keys that are refused: one sentence, before anything is dumped', async () => {
    await open({ target: swift.settings({ secretKey: 'another' }) });
    expect(await stage.say('alice', 'backup run')).toContain(
      `${swift.endpoint} refuses the keys of bucket vigie: access_key or secret_key is wrong`,
    );
  });

  test('a bucket takes the copies, too: written there, read back, and removed with what they are copies of', async () => {
    await open({ target: join(ground.folder, 'dumps'), copies: swift.settings() });
    const first = await run('backup run');
    expect(first.words).toMatch(/done: copy main s3:\/\/vigie\/prod-eu\/dump-demo-main-.*, read back/);
    expect(await inBucket()).toEqual(
      readdirSync(join(ground.folder, 'dumps')).filter((name) => !name.endsWith('.json')),
    );
    expect((await run('backup run')).state).toBe('done');
    expect(await inBucket()).toHaveLength(1);
  });

  /** The dump program stops after so many bytes, until somebody lets it go on. */
  function holdDump(bytes: number): { release(): void } {
    const folder = join(ground.folder, 'bin');
    const held = join(ground.folder, 'held');
    mkdirSync(folder);
    writeFileSync(held, '');
    const real = findProgram('mariadb-dump');
    const program = join(folder, 'mariadb-dump');
    const wait = `{ head -c ${bytes * 2}; while [ -e ${held} ]; do sleep 0.05; done; cat; }`;
    writeFileSync(program, `#!/bin/sh\n[ "$1" = --version ] && exec ${real} --version\n${real} "$@" | ${wait}\n`);
    chmodSync(program, 0o755);
    process.env['PATH'] = `${folder}:${path}`;
    return {
      release() {
        process.env['PATH'] = path;
        if (existsSync(held)) rmSync(held);
      },
    };
  }
});
