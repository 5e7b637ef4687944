import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Hook } from '../../src/openstack/hooks.ts';
import { begin, told } from './campaigning.ts';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: onLab ? 600_000 : 180_000, hookTimeout: 300_000 });

let stage: Stage;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-work-'));
});
afterEach(async () => {
  await stage?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Works on a host unless somebody put a file in its way. */
function reboot(): Hook {
  const path = join(directory, 'reboot');
  const lines = [
    `[ -e ${directory}/broken ] && { echo no such kernel >&2; exit 3; }`,
    `echo "$VIGIE_EVENT $VIGIE_HOST" >> ${directory}/log`,
  ];
  writeFileSync(path, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o700 });
  return { name: 'reboot', argv: [path], timeoutMs: 10_000, at: ['work'], always: false, required: false };
}

test('a program does the work on each empty host; where it fails the host stays closed and the campaign pauses', async () => {
  stage = await openStage({ hooks: [reboot()] });
  const { cloud } = stage;
  const [first, second] = [await cloud.ownHost(), await cloud.ownHost()];
  await cloud.servers(1, first);
  writeFileSync(join(directory, 'broken'), '');
  const id = await begin(stage, `hosts=${first},${second} --work reboot --until-done`);
  await told(
    stage,
    new RegExp(`paused: ${first} was left as it is; run reboot \\(work\\): ended with 3: no such kernel`),
  );
  expect(await cloud.service(first)).toMatchObject({ status: 'disabled' });

  rmSync(join(directory, 'broken'));
  // Tried again: there is nothing left to move, and its work is done now.
  await stage.say('bob', `campaign resume ${id}`);
  await told(stage, /over: 2 of 2 done/);
  expect(readFileSync(join(directory, 'log'), 'utf8')).toBe(`work ${first}\nwork ${second}\n`);
  for (const host of [first, second]) expect(await cloud.service(host)).toMatchObject({ status: 'enabled' });
});
