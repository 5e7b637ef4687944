import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../chat/user-error.ts';

export interface Child {
  readonly pid: number;
  /** The first thing it tells us; rejects if it ends before. */
  readonly told: Promise<unknown>;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface ChildPlan {
  readonly name: string;
  /** Below src/, without extension: `simulator/main`. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
}

/** Starts a program of ours that ends with us, however we end; what it says goes to `<name>.log`. */
export function startChild(plan: ChildPlan): Child {
  const log = join(plan.directory, `${plan.name}.log`);
  const output = openSync(log, 'w', 0o600);
  const child = fork(ours(plan.program), [...plan.args], {
    env: plan.env,
    execArgv: [...process.execArgv, '--import', ours('demo/tied')],
    stdio: ['ignore', output, output, 'ipc'],
    detached: true, // Ctrl-C in our terminal is for us: we end the children in their order
  });
  closeSync(output);
  const ended = once(child, 'exit').then(() => undefined);
  const early = ended.then(() => {
    throw new UserError(`The ${plan.name} did not start: ${lastLine(log)} (all of it in ${log})`);
  });
  const told = Promise.race([once(child, 'message').then(([message]) => message), early]);
  told.catch(() => undefined); // not everyone waits to be told
  return { pid: child.pid ?? 0, told, ended, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  const lost = setTimeout(() => child.kill('SIGKILL'), 10_000);
  child.kill('SIGTERM');
  await gone;
  clearTimeout(lost);
}

/** The same file whether we run as sources or compiled. */
function ours(program: string): string {
  return fileURLToPath(new URL(`../${program}${extname(import.meta.url)}`, import.meta.url));
}

/** What it died of: the last line that names an error, or else the last one. */
function lastLine(log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  return lines.findLast((line) => /^\w*Error: /.test(line)) ?? (lines.at(-1) || 'it said nothing');
}
