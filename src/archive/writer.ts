import { type KeyObject, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { compress } from '@mongodb-js/zstd';
import { UserError } from '../chat/user-error.ts';
import { boundOf, encodeFrame, type FrameHead, readFrames } from './frames.ts';
import { keyId, seal } from './seal.ts';
import type { Statements } from './sql.ts';
import { syncFolder } from './whole-file.ts';

/** Rows that go into one frame. */
export interface Batch {
  readonly rows: number;
  readonly from: string;
  readonly to: string;
  readonly first: string;
  readonly last: string;
  readonly statements: Statements;
}

export interface ArchiveWriter {
  readonly path: string;
  /** Bytes that are safely on the disk. */
  bytes(): number;
  /** Resolves once the rows are on the disk (fdatasync). A disk that is full loses nothing that was there before. */
  append(batch: Batch): Promise<void>;
  close(): Promise<void>;
}

export interface ArchiveBegin {
  readonly path: string;
  readonly schema: Statements;
  /** What it is sealed to; null: in clear. */
  readonly key: KeyObject | null;
  /** Where the walk stands. */
  readonly from: string;
}

/** A new archive, 0600, that begins with what makes its table. Refuses a name that is taken. */
export async function createArchive({ path, schema, key, from }: ArchiveBegin): Promise<ArchiveWriter> {
  const file = await inWords(path, async () => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const made = await open(path, 'wx+', 0o600);
    await syncFolder(dirname(path));
    return made;
  });
  const made = writerOf(file, path, key);
  try {
    await made.write('schema', { rows: 0, from, to: from, first: '', last: '', statements: schema });
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  return made;
}

type Writer = ArchiveWriter & { write(kind: FrameHead['kind'], batch: Batch): Promise<void> };

function writerOf(file: FileHandle, path: string, key: KeyObject | null): Writer {
  const own = { archive: randomBytes(8).toString('hex'), keyId: key === null ? null : keyId(key) };
  let number = 0;
  let safe = 0;
  async function write(kind: FrameHead['kind'], { statements, ...batch }: Batch): Promise<void> {
    const packed = await compress(statements.sql);
    const head = { ...own, kind, number, ...batch, statements: [...statements.lengths] };
    const sealed = key === null ? null : seal(key, packed, boundOf(head));
    const bytes = Buffer.concat(encodeFrame({ ...head, sealed: sealed?.with ?? null }, sealed?.pieces ?? [packed]));
    await inWords(path, () => put(file, bytes, safe));
    if (number === 1) await prove(path, safe);
    safe += bytes.length;
    number += 1;
  }
  return { path, bytes: () => safe, write, append: (batch) => write('rows', batch), close: () => file.close() };
}

/** All of it and on the disk, or the file as it was. */
async function put(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  try {
    await putAll(file, bytes, at);
    await file.datasync();
  } catch (error) {
    await file.truncate(at).catch(() => undefined);
    throw error;
  }
}

export async function putAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** Before the first row is deleted the file is opened anew, by its name, and the frame read back. */
async function prove(path: string, at: number): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { done } = await readFrames(file, at).next();
    if (done) throw new UserError(`the archive ${path} on ${hostname()} does not read back what was written to it`);
  } finally {
    await file.close();
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of its disk is used up',
  EFBIG: 'the file may not grow any more',
  EACCES: 'the worker may not write there',
  EROFS: 'the disk is read-only',
  EEXIST: 'there is one of this name already',
  ENOENT: 'it is not there',
  ENOTDIR: 'a part of its path is no folder',
  EIO: 'the disk does not work',
};

/** What the disk says, as one line that names host and file. */
export async function inWords<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
    throw new UserError(`${path} on ${hostname()}: ${reasons[error.code] ?? error.code}`, { cause: error });
  }
}
