import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { roomIn } from '../archive/place.ts';
import type { Sink } from '../archive/stream.ts';
import { syncFolder } from '../archive/whole-file.ts';
import { inWords, putAll } from '../archive/writer.ts';
import { UserError } from '../chat/user-error.ts';
import type { Store } from './store.ts';

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
      return there?.isFile() === true ? there.size : null;
    },
    read: (file, signal) => createReadStream(pathOf(file), { highWaterMark: 1 << 20, signal }),
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

async function found(path: string) {
  return stat(path).catch(() => null);
}
