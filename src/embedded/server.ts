import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../chat/user-error.ts';
import { bornAt, end, findProgram, isAlive, type ProcessMark, signal } from './process.ts';

export interface ServerPlan {
  /** `redis` or `mariadb`: names its files in the state directory. */
  readonly name: string;
  readonly directory: string;
  readonly socket: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** Said to a fresh connection; the server is up when it answers with `answer`. */
  readonly hello: string;
  readonly answer: RegExp;
  /** Milliseconds it may take to come up (a recovery after a crash included), and to end. */
  readonly patience: number;
}

/**
 * Starts a private server and waits until it answers. The caller holds the state directory's lock, so one that still
 * runs there lost its owner to kill -9 and may be about to end: it is ended first. Two servers must never share a
 * directory: a second Redis takes over the first one's socket without a word.
 */
export async function startServer(plan: ServerPlan): Promise<() => Promise<void>> {
  const pidFile = join(plan.directory, `${plan.name}.pid`);
  const orphan = readMark(pidFile);
  if (orphan) await end(orphan, plan.patience);
  rmSync(plan.socket, { force: true });

  const log = join(plan.directory, `${plan.name}.log`);
  const mark = launch(plan.command, log);
  writeFileSync(pidFile, `${mark.pid} ${mark.born}\n`);
  const endWithUs = (): void => signal(mark, 'SIGTERM');
  process.once('exit', endWithUs);

  await untilUp(plan, mark, log);
  return async () => {
    await end(mark, plan.patience);
    process.off('exit', endWithUs);
    rmSync(pidFile, { force: true });
  };
}

/**
 * A socket's path is limited to 104 bytes on macOS and 108 on Linux: a long state directory gets a short one
 * elsewhere, which must be ours alone.
 */
export function socketPath(directory: string, name: string): string {
  const wanted = join(directory, `${name}.sock`);
  if (Buffer.byteLength(wanted) <= 100) return wanted;
  const short = `/tmp/vigie-${process.getuid?.() ?? 0}`;
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const found = lstatSync(short);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new UserError(
      `${short} must be a directory that only you can open: remove it, or set VIGIE_STATE to a shorter path.`,
    );
  }
  return join(short, `${createHash('sha256').update(wanted).digest('hex').slice(0, 16)}-${name}.sock`);
}

function launch(command: ServerPlan['command'], log: string): ProcessMark {
  const [program, ...args] = mortal(command);
  const output = openSync(log, 'w', 0o600);
  // Its own session: Ctrl-C in our terminal is for us, and we end the servers last.
  const child = spawn(program, args, { detached: true, stdio: ['ignore', output, output], cwd: dirname(log) });
  closeSync(output);
  child.on('error', () => undefined); // told by `untilUp`: nothing answers and no process runs
  child.unref();
  const pid = child.pid ?? 0;
  return { pid, born: bornAt(pid) };
}

/** On Linux the kernel ends the server with us, however we end. */
function mortal(command: ServerPlan['command']): ServerPlan['command'] {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : null;
  return setpriv ? [setpriv, '--pdeathsig', 'TERM', ...command] : command;
}

async function untilUp(plan: ServerPlan, mark: ProcessMark, log: string): Promise<void> {
  for (const until = performance.now() + plan.patience; performance.now() < until; await sleep(10)) {
    if (await answers(plan)) return;
    if (!isAlive(mark)) break;
  }
  signal(mark, 'SIGKILL');
  throw new UserError(`${basename(plan.command[0])} did not start: ${lastLine(log)} (all of it in ${log})`);
}

function answers(plan: ServerPlan): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(plan.socket);
    const settle = (up: boolean): void => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('connect', () => socket.write(plan.hello));
    socket.once('data', (bytes) => settle(plan.answer.test(bytes.toString('latin1'))));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}

function readMark(file: string): ProcessMark | null {
  try {
    const [pid, ...born] = readFileSync(file, 'utf8').trim().split(' ');
    return { pid: Number(pid), born: born.join(' ') };
  } catch {
    return null;
  }
}

function lastLine(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) || 'it said nothing';
}
