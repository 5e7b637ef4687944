import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { type Outlet, openOutlet } from '../../src/mysql/dumps/outlet.ts';

const root = mkdtempSync(join(tmpdir(), 'vigie-outlet-'));
afterAll(() => rmSync(root, { recursive: true }));

async function running(script: string) {
  const outlet = await openOutlet(mkdtempSync(join(root, 'o')));
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', outlet.inlet, 'ignore'] });
  outlet.inlet.destroy();
  return { outlet, child, ended: once(child, 'close') };
}

test('all that a program says comes, in order, to whoever takes each piece at leisure', async () => {
  const { outlet, ended } = await running('seq 1 300000');
  let said = '';
  for await (const piece of outlet.pieces()) {
    const [before] = [piece.toString(), await delay(1)];
    // Nothing overwrites it before the next is asked for.
    expect(piece.toString() === before).toBe(true);
    said += before;
  }
  const expected = Array.from({ length: 300_000 }, (_, index) => `${index + 1}\n`).join('');
  expect(said === expected).toBe(true);
  expect(await ended).toEqual([0, null]);
});

test('a program that ended before anybody listened was heard; one that says nothing, or is killed, ends it', async () => {
  for (const [script, words] of [
    [':', ''],
    ['echo all of it', 'all of it\n'],
  ] as const) {
    const { outlet, ended } = await running(script);
    await ended;
    expect(await heard(outlet)).toBe(words);
  }
  const killed = await running('echo begun; exec sleep 600');
  expect(await heard(killed.outlet, () => killed.child.kill('SIGKILL'))).toBe('begun\n');
});

test('closed, it ends although somebody still holds the other end', async () => {
  const { outlet, child, ended } = await running('echo begun; exec sleep 600');
  expect(await heard(outlet, () => setImmediate(() => outlet.close()))).toBe('begun\n');
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await ended;
});

test('where nobody listens any more the program cannot go on', async () => {
  const { outlet, ended } = await running('exec yes');
  await expect(
    heard(outlet, () => {
      throw new Error('the disk is full');
    }),
  ).rejects.toThrow('the disk is full');
  expect(await ended).not.toEqual([0, null]);
});

async function heard(outlet: Outlet, then: () => unknown = () => undefined): Promise<string> {
  let said = '';
  for await (const piece of outlet.pieces()) {
    said += piece.toString();
    then();
  }
  return said;
}
