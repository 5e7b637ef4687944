import { randomBytes } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { roomIn } from '../archive/place.ts';
import type { Sink } from '../archive/stream.ts';
import { syncFolder } from '../archive/whole-file.ts';
import { inWords, putAll } from '../archive/writer.ts';
import { UserError } from '../chat/user-error.ts';
import { type Store, Unseen } from './store.ts';

/** `mounted`: on another machine's disk, so it is never made here: that would lie beneath the mount point, on the very disk it is a copy of. */
export function openFolder(folder: string, { mounted = false } = {}): Store {
  const pathOf = (file: string): string => join(folder, file);
  const { freeBytes, mustHaveRoom } = roomIn(folder);
  async function ready(): Promise<void> {
    if (!mounted) await inWords(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
    else if ((await found(folder))?.isDirectory() !== true)
      throw new UserError(`${folder} is not there: is it mounted?`);
  }
  return {
    name: folder,
    offHost: mounted,
    pathOf,
    localPath: pathOf,
    endpoint: null,
    ready,
    freeBytes,
    mustHaveRoom,
    async create(file) {
      await ready();
      return writing(folder, pathOf(file), mounted);
    },
    async sizeOf(file) {
      const there = await found(pathOf(file));
      if (there?.isDirectory()) throw unread(pathOf(file), 'EISDIR');
      return there?.isFile() === true ? there.size : null;
    },
    read: (file, signal) => reading(pathOf(file), signal),
    remove: (file) => inWords(pathOf(file), () => rm(pathOf(file), { force: true })),
    async sweep(start, rest) {
      const parts = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.part'));
      for (const part of parts)
        if (part.startsWith(start) && rest.test(part.slice(start.length).replace(/(?:\.[0-9a-f]{8})?\.part$/, '')))
          await rm(pathOf(part), { force: true });
    },
    close: () => undefined,
  };
}

/** The file is called `PATH.7f3a1b2c.part` until it is whole: a worker that was frozen takes nothing away from the one that took over. */
async function writing(folder: string, path: string, mounted: boolean): Promise<Sink> {
  const part = `${path}.${randomBytes(4).toString('hex')}.part`;
  const file = await inWords(part, () => open(part, 'wx', 0o600));
  let at = 0;
  return {
    async write(bytes) {
      await inWords(part, () => putAll(file, bytes, at));
      at += bytes.length;
    },
    finish: () =>
      inWords(part, async () => {
        await file.datasync();
        await file.close();
        await rename(part, path);
        // File systems of other machines may refuse it; what lies there is read back.
        await (mounted ? syncFolder(folder).catch(() => undefined) : syncFolder(folder));
      }),
    async abandon() {
      await file.close().catch(() => undefined);
      await rm(part, { force: true });
    },
  };
}

async function* reading(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: 1 << 20, signal });
  } catch (error) {
    throw signal.aborted ? error : unread(path, codeOf(error), error);
  }
}

/** Null only where it is not there: what we may not look at may be there. */
async function found(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw unread(path, code, error);
  }
}

const remedies: Readonly<Record<string, string>> = {
  EACCES: 'the worker’s user may not: give that one the right to, on the file and the folders above it',
  EPERM: 'the worker’s user may not: give that one the right to, on the file and the folders above it',
  EISDIR: 'it is a folder, and a file of vigie’s lay there',
  EIO: 'its disk does not work: look at the disk',
  ESTALE: 'what is mounted there has gone away: mount it again',
  ENOENT: 'it has just gone',
};

/** A file that cannot be read says nothing of what it holds. */
function unread(path: string, code: string, cause?: unknown): Unseen {
  return new Unseen(`${path} on ${hostname()} cannot be read: ${remedies[code] ?? code}`, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
