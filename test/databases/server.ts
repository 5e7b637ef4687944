import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { findProgram } from '../../src/embedded/process.ts';

/** A MariaDB of the test's own, which it may kill, hold up, join to a cluster. */
export interface OwnServer {
  readonly socket: string;
  readonly port: number;
  dsn(database: string): string;
  connect(database?: string): Promise<Connection>;
  start(more?: readonly string[]): Promise<void>;
  stop(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** What its log calls errors. */
  errors(): string;
  /** Ends it and removes all of it. */
  drop(): Promise<void>;
}

interface Made {
  /** Begins with the data of another that is stopped. */
  readonly copyOf?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function ownServer(
  options: readonly string[] = [],
  { copyOf, env }: Made = {},
): Promise<OwnServer & { data: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-db-'));
  const data = join(folder, 'data');
  const socket = join(folder, 'sock');
  const port = await freePort();
  if (copyOf === undefined) install(data, folder);
  else execFileSync('cp', ['-a', copyOf, data]);
  let child: ChildProcess | null = null;
  const connect = (database?: string): Promise<Connection> =>
    createConnection({
      socketPath: socket,
      user: 'root',
      dateStrings: true,
      ...(database === undefined ? {} : { database }),
    });

  async function stop(how: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const ending = child;
    child = null;
    if (ending !== null) await end(ending, how);
  }
  return {
    data,
    socket,
    port,
    dsn: (database) => `mysql+pymysql://root@/${database}?unix_socket=${encodeURIComponent(socket)}`,
    connect,
    async start(more = []) {
      child = launch(folder, [...commandOf(folder, port), ...options, ...more], env);
      await untilUp(connect, child, join(folder, 'log'));
    },
    stop,
    signal: (name) => void child?.kill(name),
    errors: () => errorsOf(join(folder, 'log')),
    async drop() {
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function commandOf(folder: string, port: number): string[] {
  const base = ['--no-defaults', `--datadir=${join(folder, 'data')}`, `--tmpdir=${folder}`];
  const listening = [`--socket=${join(folder, 'sock')}`, `--port=${port}`, '--bind-address=127.0.0.1'];
  const small = ['--innodb-buffer-pool-size=64M', '--innodb-log-file-size=32M', '--innodb-flush-log-at-trx-commit=2'];
  const words = ['--default-time-zone=+00:00', '--character-set-server=utf8mb4'];
  return [...mortal, program('mariadbd'), ...base, ...asRoot, ...listening, ...small, ...words];
}

function launch(folder: string, [first = '', ...rest]: readonly string[], env: Made['env']): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a', 0o600);
  const child = spawn(first, rest, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
  closeSync(log);
  return child;
}

async function end(child: ChildProcess, how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(how);
  await gone;
}

/** On Linux the kernel ends it with us, however we end. */
const mortal = findProgram('setpriv') ? [program('setpriv'), '--pdeathsig', 'KILL'] : [];
const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];

function install(data: string, folder: string): void {
  mkdirSync(data, { mode: 0o700 });
  const options = ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', `--tmpdir=${folder}`];
  execFileSync(program('mariadb-install-db'), [...options, ...asRoot, `--datadir=${data}`], { stdio: 'ignore' });
}

async function untilUp(connect: () => Promise<Connection>, child: ChildProcess, log: string): Promise<void> {
  for (
    const until = performance.now() + 60_000;
    performance.now() < until && child.exitCode === null && child.signalCode === null;
    await sleep(100)
  ) {
    const connection = await connect().catch(() => null);
    if (connection === null) continue;
    await connection.end();
    return;
  }
  throw new Error(`mariadbd did not start: ${errorsOf(log)}`);
}

function errorsOf(log: string): string {
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.filter((line) => line.includes('ERROR')).join('\n');
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function program(name: string): string {
  const found = findProgram(name);
  if (!found) throw new Error(`${name} is not installed`);
  return found;
}
