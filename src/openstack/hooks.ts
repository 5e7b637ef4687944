import { execFile } from 'node:child_process';
import type { HookFacts, HookRun } from './cloud.ts';

/** A program of the operators', named in clouds.yaml: chat can name it, never say what it is. */
export interface Hook extends HookFacts {
  readonly argv: readonly string[];
  /** Ends it after so long, ms. */
  readonly timeoutMs: number;
}

/** Characters of what it said that are kept. */
const kept = 500;

/**
 * Runs it without a shell and without our own environment: it gets PATH, HOME and what `about` says, as VIGIE_HOST and so
 * on. Whatever it does, it ends: by itself, or killed at its time limit.
 */
export function runHook({ argv, timeoutMs }: Hook, about: Readonly<Record<string, string>>): Promise<HookRun> {
  const [program = '', ...args] = argv;
  const facts = Object.fromEntries(Object.entries(about).map(([key, value]) => [`VIGIE_${key.toUpperCase()}`, value]));
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: process.env['HOME'] ?? '/', ...facts };
  return new Promise((resolve) => {
    const options = { env, timeout: timeoutMs, killSignal: 'SIGKILL' as const, maxBuffer: 1 << 20 };
    execFile(program, args, options, (error, stdout, stderr) => {
      const said = `${stdout}\n${stderr}`.trim().split('\n').at(-1)?.slice(0, kept) ?? '';
      if (error === null) return resolve({ well: true, said });
      const why = error.killed === true ? `took longer than ${timeoutMs / 1000} s and was ended` : failure(error);
      resolve({ well: false, said: said === '' ? why : `${why}: ${said}` });
    });
  });
}

/** `ENOENT` where there is no such program, the exit code where there was one. */
function failure({ code }: { readonly code?: string | number | null | undefined }): string {
  return typeof code === 'number' ? `ended with ${code}` : `could not be run (${code ?? 'unknown'})`;
}
