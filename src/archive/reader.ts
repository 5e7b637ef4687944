import type { KeyObject } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { decompress } from '@mongodb-js/zstd';
import { UserError } from '../chat/user-error.ts';
import { boundOf, type Frame, type FrameHead, readFrames } from './frames.ts';
import { vouchedBytes } from './manifest.ts';
import { unseal } from './seal.ts';

export interface OpenFrame {
  readonly head: FrameHead;
  /** The statements, one behind the other. */
  readonly sql: Buffer;
}

/**
 * Every frame of an archive, opened; with its manifest only what that vouches for, for a death may have torn a frame
 * behind it. Throws `UserError` where one is missing, damaged, or sealed to another key.
 */
export async function* openFrames(path: string, key: KeyObject | null): AsyncGenerator<OpenFrame> {
  const file = await opening(path);
  try {
    const whole = (await vouchedBytes(path)) ?? (await file.stat()).size;
    let end = 0;
    let number = 0;
    let archive: string | null = null;
    for await (const frame of readFrames(file)) {
      archive ??= frame.head.archive;
      if (frame.head.number !== number || frame.head.archive !== archive)
        throw new UserError(`${path} is not as it was written: its frame ${number} is another`);
      yield { head: frame.head, sql: await opened(frame, key) };
      ({ end } = frame);
      number += 1;
      if (end >= whole) break;
    }
    if (number === 0) throw new UserError(`${path} is no archive of vigie`);
    if (end < whole) throw new UserError(`${path} is damaged or cut off after frame ${number - 1}`);
  } finally {
    await file.close();
  }
}

/** What an archive says of itself in clear; null where not even its first frame is whole. */
export async function firstHead(path: string): Promise<FrameHead | null> {
  const file = await opening(path);
  try {
    const { value } = await readFrames(file).next();
    return value?.head ?? null;
  } finally {
    await file.close();
  }
}

/** The statements of a frame, one by one. */
export function* statementsOf({ head, sql }: OpenFrame): Generator<string> {
  let at = 0;
  for (const length of head.statements) {
    yield sql.toString('utf8', at, at + length);
    at += length;
  }
}

function opening(path: string): Promise<FileHandle> {
  return open(path, 'r').catch(() => {
    throw new UserError(`${path} cannot be read`);
  });
}

async function opened({ head, payload }: Frame, key: KeyObject | null): Promise<Buffer> {
  if (head.sealed === null) return decompress(payload);
  if (key === null) throw new UserError('it is sealed: give the private key it was sealed to');
  return decompress(unseal(key, { with: head.sealed, payload }, boundOf(head)));
}
