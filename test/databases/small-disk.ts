import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { findProgram } from '../../src/embedded/process.ts';

/** A disk of its own, mounted in that folder; null where nobody may mount: who is root in a container is not root of the machine. */
export function smallDisk(folder: string, name: string, size: string): string | null {
  const disk = join(folder, name);
  mkdirSync(disk);
  const options = ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk];
  return spawnSync('mount', options, { stdio: 'ignore' }).status === 0 ? disk : null;
}

export const cannotMount =
  'nobody may mount a small disk here: what a full one does is tried by a limit on files instead';

/** Where a process may be told how large its files get, which wants no privilege. */
export const withLimits = test.skipIf(findProgram('prlimit') === null);

/** From now on a file of the process grows to so many bytes and no further, as on a full disk; `unlimited` ends that. */
export function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`]);
}
