import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { HookFacts, HookRun } from './cloud.ts';

/** A program of the operators', named in clouds.yaml: chat can name it, never say what it is. */
export interface Hook extends HookFacts {
  readonly argv: readonly string[];
  /** Ends it after so long, ms. */
  readonly timeoutMs: number;
}

/** Characters of what it said that are kept, and bytes of it that are held on the way. */
const kept = 500;
const held = 64 * 1024;

/**
 * Runs it without a shell and without our own environment: it gets PATH, HOME and what `about` says, as VIGIE_HOST and so
 * on. Whatever it does, it ends: by itself, or killed at its time limit with everything it has started.
 */
export function runHook({ argv, timeoutMs }: Hook, about: Readonly<Record<string, string>>): Promise<HookRun> {
  const [program = '', ...args] = argv;
  const facts = Object.fromEntries(Object.entries(about).map(([key, value]) => [`VIGIE_${key.toUpperCase()}`, value]));
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: process.env['HOME'] ?? '/', ...facts };
  // The leader of a process group of its own: what it starts can be ended with it.
  const child: ChildProcess = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve) => {
    // Where vigie has no file left to open, the program has no pipes.
    const [stdout, stderr] = [tailOf(child.stdout ?? null), tailOf(child.stderr ?? null)];
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      killGroup(child);
    }, timeoutMs);
    const end = (why: string | null) => {
      clearTimeout(limit);
      const said = `${stdout()}\n${stderr()}`.trim().split('\n').at(-1)?.slice(0, kept) ?? '';
      if (why === null && !late) return resolve({ well: true, said });
      const told = late ? `took longer than ${timeoutMs / 1000} s and was ended` : why;
      resolve({ well: false, said: said === '' ? `${told}` : `${told}: ${said}` });
    };
    child.once('error', (error: NodeJS.ErrnoException) => end(`could not be run (${error.code ?? 'unknown'})`));
    // Once nobody can write to it any more: what it left in the background counts as its own.
    child.once('close', (code, signal) => end(code === 0 ? null : `ended with ${code ?? signal}`));
  });
}

function tailOf(stream: Readable | null): () => string {
  let tail = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    tail = `${tail}${text}`.slice(-held);
  });
  return () => tail;
}

/** Who has left the group by itself keeps the pipes open: they are let go of. */
function killGroup({ pid, stdout, stderr }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
  stdout?.destroy();
  stderr?.destroy();
}
