import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../chat/user-error.ts';
import { bornAt, isAlive, type ProcessMark } from './process.ts';

export interface StateLock {
  release(): void;
}

/**
 * One program at a time owns a state directory. The lock is a row of numbered files, and the highest number owns:
 * a dead owner is followed by creating the next number, which only one process can, so two that find the same dead
 * owner at once cannot both win. The highest file is never removed; an empty one means free.
 */
export function lockState(directory: string): StateLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (;;) {
    const highest = generations(directory).at(-1) ?? 0;
    const owner = highest === 0 ? null : readOwner(lockFile(directory, highest));
    if (owner && isAlive(owner)) throw new UserError(busy(directory, owner));
    if (take(directory, highest + 1)) return { release: () => writeFileSync(lockFile(directory, highest + 1), '') };
  }
}

function take(directory: string, generation: number): boolean {
  const mine = join(directory, `lock-${randomUUID()}`);
  writeFileSync(mine, JSON.stringify({ pid: process.pid, born: bornAt(process.pid) }));
  try {
    linkSync(mine, lockFile(directory, generation));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine);
  }
  return isHighest(directory, generation);
}

/** A slow process may have counted before others came and went: then a higher number owns, and this one yields. */
function isHighest(directory: string, generation: number): boolean {
  const all = generations(directory);
  const highest = all.at(-1) === generation;
  const over = highest ? all.slice(0, -1) : [generation];
  for (const old of over) rmSync(lockFile(directory, old), { force: true });
  return highest;
}

function generations(directory: string): number[] {
  return readdirSync(directory)
    .flatMap((name) => /^lock\.(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function lockFile(directory: string, generation: number): string {
  return join(directory, `lock.${generation}`);
}

function readOwner(file: string): ProcessMark | null {
  try {
    const [, pid, born] = /^\{"pid":(\d+),"born":"(.*)"\}$/.exec(readFileSync(file, 'utf8')) ?? [];
    return pid === undefined || born === undefined ? null : { pid: Number(pid), born };
  } catch {
    return null; // removed by a newer owner: the next look finds it
  }
}

function busy(directory: string, owner: ProcessMark): string {
  return `Process ${owner.pid} already runs in ${directory}: use that one, or start another with VIGIE_STATE=/some/other/directory.`;
}
