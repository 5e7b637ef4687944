import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Hook } from '../../src/openstack/hooks.ts';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 300_000 });

let stage: Stage;
let folder: string;
afterEach(async () => {
  await stage?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Notes when it ran, and ends with that exit code. */
async function programEnding(code: number): Promise<Hook> {
  folder = await mkdtemp(join(tmpdir(), 'vigie-hooks-'));
  const path = join(folder, 'masakari');
  await writeFile(path, `#!/bin/sh\necho "$VIGIE_EVENT" >> ${join(folder, 'log')}\nexit ${code}\n`, { mode: 0o700 });
  const at = ['start', 'empty', 'off'] as const;
  return { name: 'masakari', argv: [path], timeoutMs: 5000, at, always: false, required: true };
}

async function deadHost(hook: Hook) {
  const simulator = { serviceDownSeconds: 3, reportSeconds: 1 };
  stage = await openStage({ simulator, hooks: [hook], settings: { serverDeadline: onLab ? 60_000 : 8000 } });
  const { cloud } = stage;
  const host = await cloud.ownHost();
  await cloud.ownHost();
  await cloud.server('stays', host);
  const resized = await cloud.server('resized', host);
  await cloud.become(resized.id, 'VERIFY_RESIZE', { migrate: null });
  await cloud.killCompute(host);
  await cloud.until('it is down', async () => (await cloud.service(host)).state === 'down');
  return { host, resized };
}

const line = (host: string) => `evacuate ${host} --fenced "power cut" --accept-data-loss --hook masakari`;

test('a plan lists who waits resized away from the dead host; hooks run before it is told down, and once it is empty', async () => {
  const { host, resized } = await deadHost(await programEnding(0));
  const { job, words } = await stage.plan(line(host));
  expect(words).toMatch(new RegExp(`${resized.name} \\| left alone \\| resized away, on \\S+, not confirmed`));
  for (const person of ['bob', 'carol']) await stage.say(person, `approve ${job}`);
  expect((await stage.ended(job)).words).toContain('1 of 1 server rebuilt elsewhere');
  expect(await stage.cloud.show(resized.id)).toMatchObject({ status: 'VERIFY_RESIZE' });
  expect((await readFile(join(folder, 'log'), 'utf8')).trim().split('\n')).toEqual(['start', 'empty']);
});

test('a required hook that fails at the start leaves the dead host as it was', async () => {
  const { host } = await deadHost(await programEnding(3));
  const { job } = await stage.plan(line(host));
  for (const person of ['bob', 'carol']) await stage.say(person, `approve ${job}`);
  const ran = await stage.ended(job);
  expect(ran.words).toMatch(/was not evacuated[\s\S]*ended with 3/);
  expect(await stage.cloud.service(host)).toMatchObject({ status: 'enabled', state: 'down' });
});
