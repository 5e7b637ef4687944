import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../src/embedded/process.ts';
import { answers } from './ports.ts';

/** One server process: it may be stopped and started again on the same ports. */
export interface Daemon {
  start(): Promise<void>;
  /** SIGKILL says goodbye to nobody; SIGSTOP leaves everybody waiting until `signal('SIGCONT')`. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  restart(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  running(): boolean;
}

export interface DaemonPlan {
  readonly name: string;
  readonly command: readonly string[];
  readonly folder: string;
  readonly libraries: string;
  /** It is up when these listen. */
  readonly ports: readonly number[];
}

export function daemon(plan: DaemonPlan): Daemon {
  let child: ChildProcess | null = null;
  const running = (): boolean => child !== null && child.exitCode === null && child.signalCode === null;

  async function start(): Promise<void> {
    if (running()) return;
    child = launch(plan);
    await Promise.all(plan.ports.map((port) => listens(port, running, plan)));
  }
  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (child === null || !running()) return;
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    const late = setTimeout(() => child?.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(late);
  }
  return {
    start,
    stop,
    running,
    async restart() {
      await stop();
      await start();
    },
    signal: (name) => void child?.kill(name),
  };
}

/** Some refuse to run as root; then they run as nobody. However we end, the kernel ends them with us. */
function launch({ name, command, folder, libraries }: DaemonPlan): ChildProcess {
  const setpriv = findProgram('setpriv');
  if (setpriv === null) throw new Error('setpriv is missing: apt-get install util-linux');
  const as = process.getuid?.() === 0 ? ['--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [];
  const output = openSync(join(folder, `${name}.out`), 'a');
  const child = spawn(setpriv, [...as, '--pdeathsig', 'KILL', ...command], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: libraries },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  return child;
}

async function listens(port: number, running: () => boolean, { name, folder }: DaemonPlan): Promise<void> {
  for (const until = performance.now() + 20_000; performance.now() < until; await sleep(20)) {
    if (await answers(port)) return;
    if (!running()) break;
  }
  throw new Error(
    `${name} does not listen on ${port}: ${readFileSync(join(folder, `${name}.out`), 'utf8').slice(-500)}`,
  );
}
