import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Hook, runHook } from '../../src/openstack/hooks.ts';

function aHook(...argv: string[]): Hook {
  return { name: 'fence', at: ['start'], always: true, required: true, argv, timeoutMs: 5000 };
}

/** Nothing can be opened any more while it is called; all of it is given back before it returns. */
function withoutFiles<T>(call: () => T): T {
  const limit = (soft: string) => spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`]);
  const before = spawnSync('prlimit', ['--pid', String(process.pid), '--nofile', '--output', 'SOFT', '--noheadings']);
  const opened: number[] = [];
  expect(limit('512').status).toBe(0);
  try {
    for (;;) opened.push(openSync('/dev/null', 'r'));
  } catch {
    return call();
  } finally {
    for (const file of opened) closeSync(file);
    limit(String(before.stdout).trim());
  }
}

test('a hook that cannot be started, for no file can be opened, ends with its reason', async () => {
  const running = withoutFiles(() => runHook(aHook('/bin/true'), {}));
  expect(await running).toEqual({ well: false, said: 'could not be run (EMFILE)' });
  expect(await runHook(aHook('/bin/echo', 'well'), {})).toEqual({
    well: true,
    said: 'well',
  });
});
