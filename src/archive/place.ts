import type { KeyObject } from 'node:crypto';
import { mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../chat/user-error.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { keyId, readPrivateKey, readPublicKey } from './seal.ts';
import { inWords } from './writer.ts';

/** As clouds.yaml has it under `vigie.archive`. */
export interface ArchiveSettings {
  readonly folder: string;
  readonly publicKey: string | null;
  readonly privateKey: string | null;
}

/** The keys that this worker has for a cloud's archives or backups. */
export interface Keys {
  /** What they are sealed to; null where they are written in clear. Throws `UserError` where nobody decided. */
  sealTo(): KeyObject | null;
  /** Throws `UserError` that says where it can be opened. */
  openWith(id: string | null): KeyObject | null;
  keyIdOf(key: KeyObject): string;
}

export interface Room {
  freeBytes(): Promise<number>;
  /** Throws `UserError` before the disk is full: the system on it, and the manifest, need some, too. */
  mustHaveRoom(): Promise<void>;
}

/** Where this worker keeps a cloud's archives. */
export interface Place extends Keys, Room {
  readonly folder: string;
  /** Newest first. */
  parts(): Promise<Part[]>;
}

export interface Part {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly manifest: Manifest | null;
}

/** The file's name without the number of its part: what all parts of one archive share. */
export function archiveOf(name: string): string {
  return name.replace(/(?:-\d+)?\.sql\.zst(?:\.sealed)?$/, '');
}

export function partName(archive: string, part: number, sealed: boolean): string {
  return `${archive}-${part}.sql.zst${sealed ? '.sealed' : ''}`;
}

export function openPlace(settings: ArchiveSettings | null | undefined, cloud: string): Place {
  const { folder, ...keys } = mustBeSet(settings, cloud, 'archive');
  return { folder, ...openKeys(keys, cloud, 'archive'), ...roomIn(folder), parts: () => listParts(folder) };
}

/** What clouds.yaml calls it under `vigie`. */
type Section = 'archive' | 'backup';

/** Throws `UserError` with what to write into clouds.yaml. */
export function mustBeSet<S>(settings: S | null | undefined, cloud: string, section: Section): S {
  if (settings) return settings;
  throw new UserError(
    `no ${section} folder for ${cloud}: add vigie.${section} with folder and public_key in the worker's clouds.yaml (docs/${section}s.md)`,
  );
}

export function openKeys(
  { publicKey, privateKey }: Pick<ArchiveSettings, 'publicKey' | 'privateKey'>,
  cloud: string,
  section: Section,
): Keys {
  return {
    sealTo() {
      if (publicKey === null)
        throw new UserError(
          `${section}s of ${cloud} are sealed to a key, and vigie.${section}.public_key names none: docs/archives.md says how to make one (none: in clear)`,
        );
      return publicKey === 'none' ? null : readPublicKey(publicKey);
    },
    openWith(id) {
      if (id === null) return null;
      const key = privateKey === null ? null : readPrivateKey(privateKey);
      if (key !== null && keyId(key) === id) return key;
      throw new UserError(
        `it is sealed to key ${id}, whose private half ${hostname()} does not have (vigie.${section}.private_key)`,
      );
    },
    keyIdOf: keyId,
  };
}

export function roomIn(folder: string): Room {
  return {
    freeBytes: async () => (await roomOf(folder)).free,
    async mustHaveRoom() {
      const { free, all } = await roomOf(folder);
      if (free > Math.min(spareBytes, all / 50)) return;
      throw new UserError(`the disk of ${folder} on ${hostname()} is full but for ${Math.round(free / 1024 ** 2)} MB`);
    },
  };
}

const spareBytes = 64 * 1024 * 1024;

async function roomOf(folder: string): Promise<{ free: number; all: number }> {
  return inWords(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, all: blocks * bsize };
  });
}

async function listParts(folder: string): Promise<Part[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.sql\.zst(?:\.sealed)?$/.test(name));
  const parts = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path);
      return { host: hostname(), path, name, bytes: size, manifest: await readManifest(path), mtimeMs };
    }),
  );
  return parts
    .sort((a, b) => b.mtimeMs - a.mtimeMs || a.name.localeCompare(b.name))
    .map(({ mtimeMs: _, ...part }) => part);
}
