import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from './chat/user-error.ts';
import { findProgram } from './embedded/process.ts';
import { socketPath, startServer } from './embedded/server.ts';

/** A server of our own, on a unix socket that only we may open; it has no port. */
export interface PrivateServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The caller holds the lock of `directory` (`lockState`) or made the directory itself. */
export async function ensureRedis(directory: string): Promise<PrivateServer> {
  const program = redisProgram(directory);
  const socket = socketPath(directory, 'redis');
  const stop = await startServer({
    name: 'redis',
    directory,
    socket,
    command: [
      program,
      ...['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', '--dir', directory],
      ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--maxmemory-policy', 'noeviction'],
    ],
    hello: 'PING\r\n',
    answer: /^\+PONG/,
    patience: 15_000,
  });
  return { url: `unix://${socket}`, stop };
}

/** The same for MariaDB, which runs these statements before anyone comes in. Its root has no password: the socket is ours. */
export async function ensureMariadb(
  directory: string,
  statements: readonly string[] = [],
  options: readonly string[] = [],
): Promise<PrivateServer> {
  const program = findProgram('mariadbd') ?? missing('MariaDB', 'mariadb-server-core mariadb-client-core', 'mariadb');
  const data = await mariadbData(directory);
  const socket = socketPath(directory, 'mariadb');
  const first = join(directory, 'mariadb.sql');
  writeFileSync(first, statements.map((statement) => `${statement};\n`).join(''));
  const stop = await startServer({
    name: 'mariadb',
    directory,
    socket,
    command: [
      program,
      ...[
        '--no-defaults',
        `--datadir=${data}`,
        temporary(directory),
        `--socket=${socket}`,
        `--pid-file=${data}/mariadbd.pid`,
        ...asRoot(),
      ],
      ...[
        '--skip-networking',
        '--skip-name-resolve',
        '--skip-log-bin',
        `--init-file=${first}`,
        '--max-connections=600',
      ],
      ...['--character-set-server=utf8mb4', '--default-time-zone=+00:00', '--innodb-buffer-pool-size=64M'],
      // Safe against kill -9; only a power cut may lose the last second.
      ...[
        '--innodb-flush-log-at-trx-commit=2',
        '--innodb-log-file-size=32M',
        '--key-buffer-size=1M',
        '--aria-pagecache-buffer-size=8M',
        ...options,
      ],
    ],
    hello: '',
    answer: /mysql_native_password|MariaDB/, // its greeting comes unasked
    patience: 60_000,
  });
  return { url: `mysql://root@localhost/?socketPath=${encodeURIComponent(socket)}`, stop };
}

/** Debian's redis-tools holds the server under the name of a checker: it is a server when called by a server's name. */
export function redisProgram(directory: string): string {
  const program =
    findProgram('redis-server', 'valkey-server', 'redis-check-rdb') ?? missing('Redis', 'redis-tools', 'redis');
  if (basename(program) !== 'redis-check-rdb') return program;
  const link = join(directory, 'redis-server');
  rmSync(link, { force: true });
  symlinkSync(program, link);
  return link;
}

/** A MariaDB that starts removes every temporary table it finds: in a folder that it shares, those of running servers. */
function temporary(directory: string): string {
  const folder = join(directory, 'mariadb-tmp');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return `--tmpdir=${folder}`;
}

/** The data directory appears by one rename, so one that is there is whole; what a killed start left is removed. */
async function mariadbData(directory: string): Promise<string> {
  const data = join(directory, 'mariadb');
  for (const name of readdirSync(directory)) {
    if (name.startsWith('mariadb.new-')) rmSync(join(directory, name), { recursive: true, force: true });
  }
  if (existsSync(data)) return data;
  const made = join(directory, `mariadb.new-${process.pid}-${Date.now()}`);
  mkdirSync(made, { mode: 0o700 });
  const install =
    findProgram('mariadb-install-db') ?? missing('MariaDB', 'mariadb-server-core mariadb-client-core', 'mariadb');
  const options = [
    '--no-defaults',
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    `--datadir=${made}`,
    temporary(directory),
    ...asRoot(),
  ];
  await promisify(execFile)(install, options).catch((error: unknown) => {
    throw new UserError(
      `${install} failed: ${error instanceof Error ? error.message.trim().split('\n').at(-1) : error}`,
    );
  });
  renameSync(made, data);
  return data;
}

function asRoot(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

function missing(what: string, debian: string, brew: string): never {
  throw new UserError(
    process.platform === 'darwin'
      ? `${what} is not installed. Type: brew install ${brew}`
      : `${what} is not installed. Type: sudo apt-get install --no-install-recommends ${debian}`,
  );
}
