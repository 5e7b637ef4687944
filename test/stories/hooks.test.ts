import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Hook } from '../../src/openstack/hooks.ts';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 200_000 });

let stage: Stage;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-hooks-'));
});
afterEach(async () => {
  await stage?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A program that notes what it was told, and ends as it is told to. */
function program(ending = 'echo told'): string {
  const path = join(directory, 'hook');
  const note = `echo "$VIGIE_EVENT $VIGIE_HOST $VIGIE_BY $VIGIE_REASON \${DATABASE_URL-none}" >> ${join(directory, 'log')}`;
  writeFileSync(path, `#!/bin/sh\n${note}\n${ending}\n`, { mode: 0o700 });
  return path;
}

function log(): string[] {
  return readFileSync(join(directory, 'log'), 'utf8').trim().split('\n');
}

function aHook(changes: Partial<Hook> = {}): Hook {
  const at = ['start', 'empty', 'off'] as const;
  const argv = changes.argv ?? [program()];
  return { name: 'silence', timeoutMs: 5000, at, always: true, required: false, ...changes, argv };
}

test('hooks run at the start, once the host is empty, and at its end, with the facts and nothing of ours', async () => {
  stage = await openStage({ hooks: [aHook()] });
  const host = await stage.cloud.ownHost();
  await stage.cloud.servers(1, host);
  const ran = await stage.run(`maintenance ${host} --reason "fans; rm -rf /"`);
  expect(ran.state).toBe('done');
  expect(ran.words).toContain('run silence (empty): done, told');
  const off = await stage.run(`maintenance ${host} off`);
  expect(off.words).toContain('run silence (off): done, told');
  expect(off.state).toBe('done');
  expect(log()).toEqual(['start', 'empty', 'off'].map((at) => `${at} ${host} alice fans; rm -rf / none`));
});

test('one that is not for every maintenance runs where chat names it; chat can name no other', async () => {
  stage = await openStage({ hooks: [aHook({ name: 'masakari', always: false, at: ['start'] })] });
  const host = await stage.cloud.ownHost();
  await stage.run(`maintenance ${host}`);
  expect(() => log()).toThrow('ENOENT');
  await stage.run(`maintenance ${host} --hook masakari`);
  expect(log()).toHaveLength(1);
  expect(await stage.say('alice', `maintenance ${host} --hook /bin/sh`)).toMatch(
    /no hook is called \/bin\/sh: there are masakari/,
  );
});

test('a hook that fails or hangs is told, and stops the drain only where it is required', async () => {
  const failing = aHook({ argv: [program('echo no alert manager >&2; exit 3')], at: ['start'] });
  const child = join(directory, 'child');
  const waits = ['/bin/sh', '-c', `sleep 60 & echo $! > ${child}; wait`];
  const hanging = aHook({ name: 'slow', argv: waits, timeoutMs: 300, at: ['empty'] });
  stage = await openStage({ hooks: [failing, hanging] });
  const host = await stage.cloud.ownHost();
  const [only] = await stage.cloud.servers(1, host);
  const ran = await stage.run(`maintenance ${host}`);
  expect(ran.state).toBe('partial');
  expect(ran.words).toContain('run silence (start): failed, ended with 3: no alert manager');
  expect(ran.words).toContain('run slow (empty): failed, took longer than 0.3 s and was ended');
  expect((await stage.cloud.show(only?.id ?? '')).host).not.toBe(host);
  // What it had started is ended with it: one that nobody has waited for yet has no words any more.
  const words = () => readFileSync(`/proc/${readFileSync(child, 'utf8').trim()}/cmdline`, 'utf8');
  await expect.poll(() => existsSync(`/proc/${readFileSync(child, 'utf8').trim()}`) && words()).toBeFalsy();
});

test('where a required one fails at the start, nothing is begun', async () => {
  stage = await openStage({ hooks: [aHook({ argv: [join(directory, 'nothing-there')], required: true })] });
  const host = await stage.cloud.ownHost();
  const [only] = await stage.cloud.servers(1, host);
  const ran = await stage.run(`maintenance ${host}`);
  expect(ran.state).toBe('failed');
  expect(ran.words).toMatch(/was not disabled[\s\S]*could not be run \(ENOENT\)/);
  expect(await stage.cloud.service(host)).toMatchObject({ status: 'enabled' });
  expect(await stage.cloud.migrations(only?.id ?? '')).toEqual([]);
});

test('work on a host waits for another person, and is not run while a server is there', async () => {
  stage = await openStage({ hooks: [aHook({ name: 'reboot', always: false, at: ['work'] })] });
  const host = await stage.cloud.ownHost();
  await stage.cloud.servers(1, host);
  await stage.run(`disable ${host} --reason fans`);
  const { job } = await stage.plan(`maintenance ${host} off --work reboot`);
  expect(await stage.story.state(job)).toBe('awaiting');
  await stage.approve(job);
  const ran = await stage.ended(job);
  expect(ran.state).toBe('failed');
  expect(ran.words).toContain(`run reboot (work): failed, 1 server on ${host}: not run`);
  expect(() => log()).toThrow('ENOENT');
  expect(await stage.cloud.service(host)).toMatchObject({ status: 'disabled' });
});
