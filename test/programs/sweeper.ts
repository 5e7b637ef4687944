import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { StepContext } from '../../src/command/command.ts';
import { SweepInput, sweepTokens } from '../../src/command/tokens/sweep-step.ts';
import { connectDatabases } from '../../src/mysql/databases.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';

/**
 * The step of a purge as a process of its own, whose row is a file: it may be killed at any moment, and goes on from
 * there when it is started again. `die` kills it at a chosen place of its n-th chunk.
 */
const Task = z.object({
  keystone: z.string(),
  folder: z.string(),
  publicKey: z.string(),
  checkpoint: z.string(),
  input: SweepInput,
  die: z.object({ at: z.enum(['datasync', 'delete', 'deleted']), chunk: z.number() }).nullable(),
});
const [path = ''] = process.argv.slice(2);
const { keystone, folder, publicKey, checkpoint, input, die } = Task.parse(JSON.parse(readFileSync(path, 'utf8')));
let chunks = 0;
let syncs = 0;
/** Bytes of the archive's file for which fdatasync returned. */
let safe = 0;

/** `datasync`: a frame is written, and not yet on the disk; `delete`: it is, and the intent too; `deleted`: nobody heard yet. */
function dieAt(place: string, count: number): void {
  if (die === null || die.at !== place || die.chunk !== count) return;
  writeSync(1, `died at ${place}, ${safe} bytes safe\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** The kernel has what was written: what is lost is only that nobody says it was safe. */
const handle = await open(path);
const shared = Object.getPrototypeOf(handle);
const datasync = shared.datasync;
shared.datasync = async function killable(this: FileHandle) {
  syncs += 1;
  dieAt('datasync', syncs);
  const { size } = await this.stat();
  await datasync.call(this);
  safe = size;
};
await handle.close();

const databases = connectDatabases({
  cloud: 'demo',
  dsns: { keystone, cells: {} },
  archive: { folder, publicKey, privateKey: null },
  now: () => new Date(),
});
const signal = new AbortController().signal;
async function remember(value: unknown): Promise<void> {
  const file = openSync(`${checkpoint}.new`, 'w');
  writeSync(file, JSON.stringify(value));
  fsyncSync(file);
  closeSync(file);
  renameSync(`${checkpoint}.new`, checkpoint);
}
const context = {
  cloud: { name: 'demo', databases } as unknown as Cloud,
  job: { id: 'test', human: 'alice', line: 'tokens purge' },
  checkpoint: existsSync(checkpoint) ? JSON.parse(readFileSync(checkpoint, 'utf8')) : null,
  startedAt: new Date(),
  signal,
  cancelled: () => false,
  now: () => new Date(),
  sleep: async () => undefined,
  remember,
  progress: () => undefined,
  async act<T>(
    intent: unknown,
    request: (limits: { signal: AbortSignal; notAfter: number }) => Promise<T>,
  ): Promise<T> {
    await remember(intent);
    chunks += 1;
    dieAt('delete', chunks);
    const answer = await request({ signal, notAfter: performance.now() + 2000 });
    dieAt('deleted', chunks);
    return answer;
  },
} as unknown as StepContext;

process.stdout.write('began\n');
const outcome = await sweepTokens(input, context);
process.stdout.write(`${JSON.stringify(outcome)}\n`);
await databases.close();
