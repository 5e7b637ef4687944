import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process and when it began: the same pid given to another process later is another mark. */
export interface ProcessMark {
  readonly pid: number;
  readonly born: string;
}

const usualPlaces = [
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
];

/** The first of these programs that is installed; services' programs are often outside the PATH of an ordinary user. */
export function findProgram(...names: readonly string[]): string | null {
  const places = [...(process.env['PATH'] ?? '').split(':').filter(Boolean), ...usualPlaces];
  return names.flatMap((name) => places.map((place) => join(place, name))).find(isExecutable) ?? null;
}

/** When a process began, '' if it does not run: from /proc, elsewhere from `ps`. */
export function bornAt(pid: number): string {
  try {
    // The name stands in brackets and may hold anything: field 22 is counted from the last bracket.
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

export function isAlive(mark: ProcessMark): boolean {
  return mark.born !== '' && bornAt(mark.pid) === mark.born && !isZombie(mark.pid);
}

/** Asks a process to end and waits; kills it after `patience` milliseconds. */
export async function end(mark: ProcessMark, patience: number): Promise<void> {
  signal(mark, 'SIGTERM');
  if (await isGone(mark, patience)) return;
  signal(mark, 'SIGKILL');
  await isGone(mark, 5_000);
}

export function signal(mark: ProcessMark, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (isAlive(mark)) process.kill(mark.pid, name);
  } catch {
    // it ended between the look and the signal
  }
}

async function isGone(mark: ProcessMark, patience: number): Promise<boolean> {
  for (const until = performance.now() + patience; performance.now() < until; await sleep(20))
    if (!isAlive(mark)) return true;
  return !isAlive(mark);
}

/** A child that ended and was not yet waited for still has its line in /proc. */
function isZombie(pid: number): boolean {
  try {
    return (
      process.platform === 'linux' &&
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') === true
    );
  } catch {
    return true;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
