import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BucketSettings } from '../../src/openstack/config.ts';
import { openBucket, partBytes } from '../../src/stores/bucket.ts';
import { putText, type Store, textOf } from '../../src/stores/store.ts';
import { storeContract } from '../backups/store-contract.ts';
import { onDebian } from '../setup/debian.ts';
import { access, type Swift, startSwift } from './swift.ts';

const { signal } = new AbortController();

describe.runIf(onDebian)('buckets of a real Swift', () => {
  let swift: Swift;
  let store: Store;
  beforeAll(async () => {
    swift = await startSwift({ tls: true });
    store = openBucket(swift.settings());
  }, 180_000);
  afterAll(async () => {
    store?.close();
    await swift?.drop();
  });
  const below = (names: string[]): string[] => names.map((name) => name.replace('prod-eu/', ''));

  storeContract('a bucket', () => ({
    store,
    names: async () => below(await swift.names()),
    unfinished: async () => below(await swift.unfinished()),
  }));

  test('it is named as S3 clients name it', () => {
    expect(store.name).toBe('s3://vigie/prod-eu');
    expect(store.pathOf('dump.sql.zst')).toBe('s3://vigie/prod-eu/dump.sql.zst');
    expect(openBucket(swift.settings({ prefix: '' })).pathOf('dump')).toBe('s3://vigie/dump');
  });

  const words: [string, Partial<BucketSettings>, RegExp][] = [
    [
      'another secret',
      { secretKey: 'another' },
      /refuses the keys of bucket vigie: access_key or secret_key is wrong$/,
    ],
    ['an unknown key', { accessKey: 'vigie:nobody' }, /refuses the keys of bucket vigie/],
    ['a bucket that is not there', { name: 'elsewhere' }, /has no bucket elsewhere that these keys may see/],
    ['another region', { region: 'RegionOne' }, /has bucket vigie in another region: set region$/],
    [
      'nobody at the port',
      { endpoint: 'https://localhost:1' },
      /^https:\/\/localhost:1 does not answer: nothing listens/,
    ],
    ['no such host', { endpoint: 'https://s3.invalid' }, /does not answer: its name is not known$/],
    ['an authority nobody knows', { cacert: null }, /an authority that this host does not trust: set cacert$/],
    ['a file that is not there', { cacert: '/nowhere/ca.pem' }, /^cacert \/nowhere\/ca\.pem cannot be read$/],
  ];
  test.each(words)('%s: one clear line, without a secret', async (_what, changes, said) => {
    const wrong = openBucket(swift.settings(changes));
    for (const ask of [
      () => wrong.ready(),
      () => putText(wrong, 'file', 'text', signal),
      async () => void (await wrong.read('file', signal)[Symbol.asyncIterator]().next()),
    ]) {
      const error = await ask().then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ message: expect.stringMatching(said) });
      expect(String(error)).not.toContain(access.secretKey);
    }
    wrong.close();
  });

  test('what went away in the middle says so; back again, nothing is there but what a sweep takes', async () => {
    const sink = await store.create('dump-demo-main-20261129-dead.sql.zst', signal);
    await sink.write(randomBytes(9_000_000));
    await expect.poll(() => swift.unfinished()).toHaveLength(1);
    await swift.kill();
    await expect(
      (async () => {
        await sink.write(randomBytes(9_000_000));
        await sink.finish();
      })(),
    ).rejects.toThrow(/^https:\/\/localhost:\d+ (does not answer: nothing listens there|closed the connection)/);
    await sink.abandon();
    await swift.start();
    expect(await store.sizeOf('dump-demo-main-20261129-dead.sql.zst')).toBeNull();
    expect(await swift.unfinished()).toEqual(['prod-eu/dump-demo-main-20261129-dead.sql.zst']);
    await store.sweep('dump-demo-main-', /./);
    expect(await swift.unfinished()).toEqual([]);
  });

  test('an endpoint that hangs is left as soon as somebody says stop', async () => {
    const stop = new AbortController();
    swift.signal('SIGSTOP');
    const reading = textOf(store, 'file', stop.signal).catch((error: unknown) => error);
    const sink = await store.create('file', stop.signal);
    const writing = sink.write(randomBytes(30_000_000)).then(() => sink.finish());
    stop.abort(new Error('somebody cancelled'));
    await expect(writing).rejects.toThrow('somebody cancelled');
    swift.signal('SIGCONT');
    await sink.abandon();
    await reading;
    expect(await store.sizeOf('file')).toBeNull();
  });
});

test('parts grow: Swift’s thousand hold 44 GB, the ten thousand of S3 hold 4 TB, none is above 5 GiB', () => {
  const held = (parts: number): number =>
    Array.from({ length: parts }, (_, index) => partBytes(index + 1)).reduce((sum, bytes) => sum + bytes, 0);
  expect(held(1000)).toBeGreaterThan(44e9);
  expect(held(10_000)).toBeGreaterThan(4e12);
  expect(partBytes(10_000)).toBeLessThan(5 * 1024 ** 3);
});
