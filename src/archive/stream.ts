import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import { compress } from '@mongodb-js/zstd';
import { boundOf, encodeFrame } from './frames.ts';
import { keyId, seal } from './seal.ts';

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
  write(piece: Buffer): Promise<void>;
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
  let text: Buffer | null = null;
  let length = 0;
  /** Of frames that are pressed: memory that is new costs more than the copy into it. */
  const spare: Buffer[] = [];
  /** Each resolves once its frame and all before it are written. */
  const queue: Promise<void>[] = [];

  async function press(number: number, raw: Buffer, before: Promise<void> | undefined): Promise<void> {
    const head = { ...own, kind: 'dump' as const, number, rows: 0, from: '', to: '', first: '', last: '' };
    const packed = await compress(raw);
    const framed = { ...head, statements: [raw.length] };
    if (raw.length === frameBytes) spare.push(raw);
    const sealed = key === null ? null : seal(key, packed, boundOf(framed));
    const pieces = encodeFrame({ ...framed, sealed: sealed?.with ?? null }, sealed?.pieces ?? [packed]);
    await before;
    for (const piece of pieces) {
      hash.update(piece);
      await sink.write(piece);
      sum.bytes += piece.length;
    }
  }
  async function flush(raw: Buffer): Promise<void> {
    text = null;
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
    async write(piece) {
      for (let at = 0; at < piece.length; ) {
        text ??= spare.pop() ?? Buffer.allocUnsafe(frameBytes);
        const taken = piece.copy(text, length, at);
        at += taken;
        length += taken;
        if (length === frameBytes) await flush(text);
      }
    },
    async finish() {
      if (text !== null) await flush(text.subarray(0, length));
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
