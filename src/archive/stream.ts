import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import { compress } from '@mongodb-js/zstd';
import { boundOf, encodeFrame } from './frames.ts';
import { keyId, seal } from './seal.ts';
import { level } from './writer.ts';

/** A file that is being written. */
export interface Sink {
  /** What is written may still be on its way. */
  write(bytes: Buffer): Promise<void>;
  /** All of it is safe, under its own name. */
  finish(): Promise<void>;
  /** Leaves nothing behind of what was not finished. */
  abandon(): Promise<void>;
}

/** One long text in frames: what a dump program says, as it says it. */
export interface ArchiveStream {
  /** Resolves when there is room for more; what is written may still be on its way to the disk. */
  write(text: Buffer): Promise<void>;
  /** All of it is safe, under its own name. */
  finish(): Promise<StreamSum>;
  /** Leaves nothing behind of what was not finished. */
  abandon(): Promise<void>;
  /** Bytes of the file so far. */
  bytes(): number;
}

export interface StreamSum {
  readonly bytes: number;
  readonly rawBytes: number;
  readonly frames: number;
  readonly sha256: string;
  readonly keyId: string | null;
}

const frameBytes = 4 * 1024 * 1024;
/** Frames that are pressed at the same time: each on a thread of its own. */
const pressing = 3;

export function openStream(sink: Sink, key: KeyObject | null): ArchiveStream {
  const own = { archive: randomBytes(8).toString('hex'), keyId: key === null ? null : keyId(key) };
  const hash = createHash('sha256');
  const sum = { bytes: 0, rawBytes: 0, frames: 0 };
  let gathered: Buffer[] = [];
  let length = 0;
  /** Each resolves once its frame and all before it are written. */
  const queue: Promise<void>[] = [];

  async function press(number: number, raw: Buffer, before: Promise<void> | undefined): Promise<void> {
    const head = { ...own, kind: 'dump' as const, number, rows: 0, from: '', to: '', first: '', last: '' };
    const packed = await compress(raw, level);
    const framed = { ...head, statements: [raw.length] };
    const sealed = key === null ? null : seal(key, packed, boundOf(framed));
    const bytes = encodeFrame({ ...framed, sealed: sealed?.with ?? null }, sealed?.payload ?? packed);
    await before;
    hash.update(bytes);
    await sink.write(bytes);
    sum.bytes += bytes.length;
  }
  async function flush(): Promise<void> {
    const raw = Buffer.concat(gathered);
    gathered = [];
    length = 0;
    sum.rawBytes += raw.length;
    const written = press(sum.frames, raw, queue.at(-1));
    // Whoever waits for it hears of it; until then it is nobody's.
    written.catch(() => undefined);
    queue.push(written);
    sum.frames += 1;
    if (queue.length > pressing) await queue.shift();
  }
  return {
    bytes: () => sum.bytes,
    async write(text) {
      gathered.push(text);
      length += text.length;
      if (length >= frameBytes) await flush();
    },
    async finish() {
      if (length > 0) await flush();
      for (const written of queue) await written;
      await sink.finish();
      return { ...sum, keyId: own.keyId, sha256: hash.digest('hex') };
    },
    async abandon() {
      await Promise.allSettled(queue);
      await sink.abandon();
    },
  };
}
