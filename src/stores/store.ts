import { createHash } from 'node:crypto';
import type { Sink } from '../archive/stream.ts';
import { UserError } from '../chat/user-error.ts';

/**
 * Where dumps lie: a folder, or a bucket. Takes the names of files; a file appears whole and under its name, or not at all.
 * What goes wrong there is told as `UserError`, in one line; in a bucket as `Unseen` where it says nothing of the file.
 */
export interface Store {
  /** As people read it: `/var/lib/vigie/backups`, `s3://vigie/prod-eu`. */
  readonly name: string;
  /** What goes there leaves this host, so it must be sealed. */
  readonly offHost: boolean;
  /** Where a file of it is, as rows and people name it. */
  pathOf(file: string): string;
  /** On this host's own file system; null where it has to be fetched first. */
  localPath(file: string): string | null;
  /** Where its clients find a bucket; null where it is a folder. */
  readonly endpoint: string | null;
  /** Throws where nothing could be written: not mounted, no such bucket, keys that are refused. */
  ready(): Promise<void>;
  /** Null where nobody can say. */
  freeBytes(): Promise<number | null>;
  /** Throws before it is full. */
  mustHaveRoom(): Promise<void>;
  /** Aborted, no more of it is written; `abandon` removes what was. */
  create(file: string, signal: AbortSignal): Promise<Sink>;
  /** Null where it is not there. */
  sizeOf(file: string, signal?: AbortSignal): Promise<number | null>;
  read(file: string, signal: AbortSignal): AsyncIterable<Buffer>;
  remove(file: string): Promise<void>;
  /** Removes what was begun and never ended of files whose name is `start` and something that fits. */
  sweep(start: string, rest: RegExp): Promise<void>;
  close(): void;
}

/** The store itself does not say what it holds: it is away, or refuses us. */
export class Unseen extends UserError {}

/** What a file must be, byte for byte. */
export interface Expected {
  readonly bytes: number;
  readonly sha256: string;
}

/** The file is as vigie's own row says: whoever may write it may write its manifest, too. `seen` gets each piece, once it is read. */
export async function mustBeAsWritten(
  store: Store,
  file: string,
  { bytes, sha256, signal }: Expected & { signal: AbortSignal },
  seen: (piece: Buffer) => Promise<void> = async () => undefined,
): Promise<void> {
  const path = store.pathOf(file);
  const size = await store.sizeOf(file, signal);
  if (size === null) throw new UserError(`${path} is gone`);
  if (size < bytes) throw new UserError(`${path} is cut off: ${size} of its ${bytes} bytes are there`);
  const hash = createHash('sha256');
  for await (const piece of store.read(file, signal)) {
    hash.update(piece);
    await seen(piece);
  }
  if (hash.digest('hex') !== sha256) throw new UserError(`${path} is not as it was written: its SHA-256 is another`);
}

/** From one store to another, piece by piece; not there where it is not as it was written. */
export async function transfer(
  file: string,
  { from, to }: { from: Store; to: Store },
  expected: Expected & { signal: AbortSignal },
  told: (bytes: number) => void = () => undefined,
): Promise<void> {
  const sink = await to.create(file, expected.signal);
  let bytes = 0;
  try {
    await mustBeAsWritten(from, file, expected, async (piece) => {
      await sink.write(piece);
      bytes += piece.length;
      told(bytes);
    });
    await sink.finish();
  } finally {
    await sink.abandon();
  }
}

export async function putText(store: Store, file: string, text: string, signal: AbortSignal): Promise<void> {
  const sink = await store.create(file, signal);
  try {
    await sink.write(Buffer.from(text));
    await sink.finish();
  } finally {
    await sink.abandon();
  }
}

/** What we wrote ourselves is far below this. */
const longestText = 64 * 1024 * 1024;

/** Null where there is none, or one that is no text of ours. */
export async function textOf(store: Store, file: string, signal: AbortSignal): Promise<string | null> {
  const size = await store.sizeOf(file, signal);
  if (size === null || size > longestText) return null;
  const pieces: Buffer[] = [];
  for await (const piece of store.read(file, signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
