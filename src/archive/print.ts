import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../chat/user-error.ts';
import { openFrames } from './reader.ts';
import { readPrivateKey } from './seal.ts';

/** `archive FILE [KEY.pem]`: an archive as SQL, for `| mariadb SCRATCH`; needs neither databases nor a bot. */
export async function printArchive([file, key, ...more]: readonly string[], out: Writable): Promise<void> {
  if (file === undefined || more.length > 0)
    throw new UserError('type: archive FILE [PRIVATE_KEY.pem] | mariadb SCRATCH_DATABASE');
  const frames = openFrames(file, key === undefined ? null : readPrivateKey(key));
  try {
    await pipeline(statements(frames), out, { end: false });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    throw new UserError(`whoever read ${file} stopped before its end: not all of it was taken`, { cause: error });
  }
}

async function* statements(frames: ReturnType<typeof openFrames>): AsyncGenerator<Buffer> {
  for await (const { sql } of frames) yield sql;
}
