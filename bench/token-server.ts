import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { findProgram } from '../src/embedded/process.ts';
import { keystoneTables } from '../test/operators/tables.ts';

/** A server as operators run one: everything on the disk at commit, nothing cached by the kernel. */
const options = [
  '--skip-networking',
  '--skip-log-bin',
  '--innodb-buffer-pool-size=2G',
  '--innodb-log-file-size=1G',
  '--innodb-flush-log-at-trx-commit=1',
  '--innodb-flush-method=O_DIRECT',
  '--character-set-server=utf8mb4',
  '--default-time-zone=+00:00',
];

/** A million tokens of some 4 KB, nine in ten expired; made once in `folder`, copied for every run. */
export interface TokenServer {
  readonly socket: string;
  /** The table as it was made, with a cold buffer pool. */
  reset(): Promise<void>;
  connect(): Promise<Connection>;
  stop(): Promise<void>;
}

export async function openTokenServer(folder: string, rows: number): Promise<TokenServer> {
  const base = join(folder, `base-${rows}`);
  const data = join(folder, 'data');
  const socket = join(folder, 'mysql.sock');
  let server: ChildProcess | null = null;
  const connect = (): Promise<Connection> =>
    createConnection({ socketPath: socket, user: 'root', database: 'keystone', timezone: 'Z' });

  async function start(): Promise<void> {
    server = spawn(
      program('mariadbd'),
      ['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, '--user=root', ...options],
      {
        stdio: 'ignore',
      },
    );
    await until(socket);
  }
  async function stop(): Promise<void> {
    const ending = server;
    if (ending === null) return;
    server = null;
    const gone = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill('SIGTERM');
    await gone;
  }
  if (!existsSync(base)) {
    mkdirSync(folder, { recursive: true });
    rmSync(data, { recursive: true, force: true });
    const install = ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', '--user=root'];
    execFileSync(program('mariadb-install-db'), [...install, `--datadir=${data}`], { stdio: 'ignore' });
    await start();
    await fill(socket, rows);
    await stop();
    execFileSync('mv', [data, base]);
  }
  return {
    socket,
    connect,
    stop,
    async reset() {
      await stop();
      rmSync(data, { recursive: true, force: true });
      execFileSync('cp', ['-a', '--reflink=auto', base, data]);
      // Gigabytes still on their way to the disk would slow down whoever is measured.
      execFileSync('sync');
      await start();
    },
  };
}

async function fill(socket: string, rows: number): Promise<void> {
  const connection = await createConnection({ socketPath: socket, user: 'root', timezone: 'Z' });
  await connection.query('CREATE DATABASE keystone CHARACTER SET utf8mb3');
  await connection.query('USE keystone');
  for (const table of keystoneTables) await connection.query(table);
  const expires =
    'IF(seq % 10 = 0, UTC_TIMESTAMP() + INTERVAL 1 DAY + INTERVAL seq % 3600 SECOND, UTC_TIMESTAMP() - INTERVAL 3 DAY - INTERVAL seq % 2592000 SECOND)';
  // A body as Keystone writes it: a catalog that repeats, and some digests that do not.
  const body = `CONCAT('{"token_data": {"token": {"methods": ["password"], "audit_ids": ["', SHA2(seq, 512), '"], "catalog": [', REPEAT(CONCAT('{"endpoints": [{"interface": "public", "region": "RegionOne", "url": "https://cloud.example.org:8774/v2.1/', MD5(seq), '", "id": "', MD5(seq % 97), '"}], "type": "compute"}, '), 12 + seq % 26), ']}}}')`;
  const step = 50_000;
  for (let from = 1; from <= rows; from += step)
    await connection.query(
      `INSERT INTO token (id, expires, extra, valid, user_id) SELECT MD5(CONCAT('t', seq)) AS id, ${expires}, ${body}, seq % 50 > 0, MD5(seq % 100) FROM seq_${from}_to_${Math.min(rows, from + step - 1)} ORDER BY id`,
    );
  await connection.query('ANALYZE TABLE token');
  await connection.end();
}

async function until(socket: string): Promise<void> {
  for (;;) {
    try {
      await (await createConnection({ socketPath: socket, user: 'root' })).end();
      return;
    } catch {
      await sleep(200);
    }
  }
}

function program(name: string): string {
  const found = findProgram(name);
  if (found === null || found === undefined) throw new Error(`${name} is not installed`);
  return found;
}
