import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

interface Demo {
  readonly child: ChildProcess;
  /** All of its output so far. */
  said(): string;
  readonly ended: Promise<number | null>;
}

const directories: string[] = [];
const running = new Set<ChildProcess>();

afterEach(async () => {
  const left = [...running];
  for (const child of left) child.kill('SIGKILL');
  await Promise.all(left.map((child) => once(child, 'exit')));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
});

test('no input at all ends cleanly', async () => {
  const demo = start(stateDirectory());
  demo.child.stdin?.end();
  expect(await demo.ended, demo.said()).toBe(0);
  expect(demo.said()).toContain('!help');
}, 60_000);

test('lines from a pipe: an answer, a plan, its approval, the drain and its proof', async () => {
  const demo = start(stateDirectory());
  demo.child.stdin?.end('!tokens count\n!maintenance cmp1\nas bob: !approve\n');
  expect(await demo.ended, demo.said()).toBe(0);
  expect(demo.said()).toMatch(
    /!tokens count[\s\S]+!maintenance cmp1[\s\S]+drain cmp1[\s\S]+approved by bob[\s\S]+cmp1 is empty/,
  );
  expect(demo.said()).not.toContain('nobody left to answer');
}, 120_000);

test('what waits for a person when the input ends is listed and closed', async () => {
  const demo = start(stateDirectory());
  demo.child.stdin?.end('!maintenance cmp1\n');
  expect(await demo.ended, demo.said()).toBe(0);
  expect(demo.said()).toMatch(/The input has ended[\s\S]+awaiting {2}maintenance cmp1[\s\S]+nobody left to answer/);
}, 60_000);

test('a second start is refused by name; after kill -9 in the middle of a drain the next works; Ctrl-C ends in order', async () => {
  const directory = stateDirectory();
  const first = start(directory);
  await until(() => first.said().includes('Ctrl-D ends'));
  const second = start(directory);
  expect(await second.ended).toBe(1);
  expect(second.said()).toContain(`Process ${first.child.pid} already runs in ${directory}`);

  first.child.stdin?.write('!maintenance cmp1\nas bob: !approve\n');
  await until(() => first.said().includes('approved by bob'));
  first.child.kill('SIGKILL');
  await first.ended;

  const third = start(directory);
  third.child.stdin?.write('!hosts\n');
  await until(() => third.said().includes('4 compute hosts\n'));
  third.child.kill('SIGINT');
  expect(await third.ended, third.said()).toBe(130);
}, 150_000);

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-demo-'));
  directories.push(directory);
  return directory;
}

function start(directory: string): Demo {
  const { REDIS_URL: _redis, DATABASE_URL: _database, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', 'demo'], {
    env: { ...env, VIGIE_STATE: directory, SIMULATOR_MIGRATE_SECONDS: '0.5' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const pieces: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece) => pieces.push(String(piece)));
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code;
  });
  return { child, ended, said: () => pieces.join('') };
}

async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 50_000, interval: 100 }).toBe(true);
}
