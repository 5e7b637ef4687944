import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { mustBeAsWritten, putText, type Store, textOf, transfer } from '../../src/stores/store.ts';

/** What the suite needs to know of a store. */
export interface StoreGround {
  readonly store: Store;
  /** Names of files that are there, and of such as were begun and never ended. */
  names(): Promise<string[]>;
  unfinished(): Promise<string[]>;
}

const { signal } = new AbortController();

/** What every store of dumps does, whatever it is made of. */
export function storeContract(what: string, ground: () => StoreGround): void {
  const store = (): Store => ground().store;
  const name = (): string => `dump-demo-main-20261129-${randomBytes(3).toString('hex')}.sql.zst.sealed`;

  async function put(file: string, bytes: Buffer, piece = 3_000_001): Promise<void> {
    const sink = await store().create(file, signal);
    for (let at = 0; at < bytes.length; at += piece) await sink.write(bytes.subarray(at, at + piece));
    await sink.finish();
    await sink.abandon();
  }
  const expected = (bytes: Buffer) => ({
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    signal,
  });

  describe(what, () => {
    test.each([0, 5, 8 * 1024 * 1024, 21_000_003])(
      'what was written, %d bytes, reads back as it was, and stays after its writer says goodbye',
      async (length) => {
        const [file, bytes] = [name(), randomBytes(length)];
        await store().ready();
        await put(file, bytes);
        expect(await store().sizeOf(file)).toBe(length);
        await mustBeAsWritten(store(), file, expected(bytes));
        expect(await ground().names()).toContain(file);
        expect(await ground().unfinished()).toEqual([]);
      },
    );

    test('until it is finished it is not there, and what is abandoned leaves nothing', async () => {
      const file = name();
      const sink = await store().create(file, signal);
      for (let piece = 0; piece < 5; piece += 1) await sink.write(randomBytes(4_000_000));
      expect(await store().sizeOf(file)).toBeNull();
      expect(await ground().names()).not.toContain(file);
      await sink.abandon();
      expect(await store().sizeOf(file)).toBeNull();
      expect(await ground().unfinished()).toEqual([]);
    });

    test('what a writer that died left is swept away, by its name, and nothing else', async () => {
      const [dead, other, whole] = [name(), `dump-demo-other-20261129-1.sql.zst`, name()];
      await put(whole, randomBytes(100));
      const writers = await Promise.all([dead, other].map((file) => store().create(file, signal)));
      for (const sink of writers) await sink.write(randomBytes(9_000_000));
      await expect.poll(() => ground().unfinished(), { timeout: 20_000 }).toHaveLength(2);
      await store().sweep('dump-demo-main-', /^\d{8}-\w+\.sql\.zst(?:\.sealed)?(?:\.json)?$/);
      expect(await ground().unfinished()).toEqual([other]);
      expect(await ground().names()).toContain(whole);
      for (const sink of writers) await sink.abandon();
    });

    test('written again under its name it is the new one; removed it is gone, and that may be done twice', async () => {
      const file = name();
      await putText(store(), file, 'first', signal);
      await putText(store(), file, 'the second', signal);
      expect(await textOf(store(), file, signal)).toBe('the second');
      await store().remove(file);
      await store().remove(file);
      expect(await store().sizeOf(file)).toBeNull();
      expect(await textOf(store(), file, signal)).toBeNull();
    });

    test('another byte, fewer of them, or none: told by name, in one line', async () => {
      const [file, bytes] = [name(), randomBytes(100_000)];
      const path = store().pathOf(file);
      const look = () => mustBeAsWritten(store(), file, expected(bytes));
      await expect(look()).rejects.toThrow(`${path} is gone`);
      await put(file, bytes.subarray(0, 99_999));
      await expect(look()).rejects.toThrow(`${path} is cut off: 99999 of its 100000 bytes are there`);
      const changed = Buffer.from(bytes);
      changed[50_000] = (changed[50_000] ?? 0) ^ 1;
      await put(file, changed);
      await expect(look()).rejects.toThrow(`${path} is not as it was written: its SHA-256 is another`);
    });

    test('a copy of what is not as it was written is none', async () => {
      const [file, bytes] = [name(), randomBytes(9_000_000)];
      await put(file, bytes);
      const to = { ...store(), create: (copy: string) => store().create(`copy-${copy}`, signal) };
      await transfer(file, { from: store(), to }, expected(bytes));
      await mustBeAsWritten(store(), `copy-${file}`, expected(bytes));
      await store().remove(`copy-${file}`);
      await expect(transfer(file, { from: store(), to }, expected(randomBytes(9_000_000)))).rejects.toThrow('SHA-256');
      expect(await store().sizeOf(`copy-${file}`)).toBeNull();
      expect(await ground().unfinished()).toEqual([]);
    });

    test('told to stop, it stops with that reason', async () => {
      const [file, stop] = [name(), new AbortController()];
      await put(file, randomBytes(9_000_000));
      stop.abort(new Error('somebody cancelled'));
      const stopped = { ...expected(Buffer.alloc(0)), signal: stop.signal };
      await expect(mustBeAsWritten(store(), file, stopped)).rejects.toThrow();
    });
  });
}
