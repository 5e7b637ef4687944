import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../src/embedded/process.ts';

/** Found before a test puts another one first. */
export const realDump = findProgram('mariadb-dump');

/** A PATH in which a program of that name stands first, which does this instead. */
export function pathWithDump(folder: string, script: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const program = join(bin, 'mariadb-dump');
  const version = `[ "$1" = --version ] && exec ${realDump} --version`;
  writeFileSync(program, `#!/bin/sh\n${version}\n${script}\n`);
  chmodSync(program, 0o755);
  return `${bin}:${process.env['PATH']}`;
}
