import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inWords } from '../../archive/writer.ts';
import { UserError } from '../../chat/user-error.ts';
import { findProgram, isAlive } from '../../embedded/process.ts';
import { ensureMariadb } from '../../embedded.ts';
import type { DumpFacts } from '../../openstack/cloud.ts';
import { type OperatorPool, openOperatorPool } from '../operator-pool.ts';
import { bareEnvironment } from './program.ts';

/** Nothing can be said of the dump: it could not be tried here. */
export class Unproven extends UserError {}

/** A throw-away server for one proof; nothing but its socket leads to it. */
export interface ScratchServer {
  readonly socket: string;
  readonly pool: OperatorPool;
  readonly folder: string;
  /** Whether its process still runs: a server that was killed says nothing of what it held. */
  alive(): Promise<boolean>;
  drop(): Promise<void>;
}

/** Throws `Unproven` where this worker has no server of the source's flavour and major version. */
export async function mustMatch({ flavour, version }: DumpFacts['source']): Promise<void> {
  const wanted = majorOf(version);
  if (flavour === 'mysql')
    throw new Unproven(
      `it is of MySQL ${wanted}, and vigie proves dumps of MariaDB only: restore it by hand (docs/backups.md)`,
    );
  const program = findProgram('mariadbd');
  if (program === null || findProgram('mariadb') === null)
    throw new Unproven(
      `${hostname()} has no MariaDB to restore into: it needs mariadb-server-core and mariadb-client-core`,
    );
  const { stdout } = await promisify(execFile)(program, ['--no-defaults', '--version'], { env: bareEnvironment });
  const here = majorOf(/Ver (\S+)/.exec(stdout)?.[1] ?? '');
  if (here !== wanted)
    throw new Unproven(`it is of MariaDB ${wanted}, and ${hostname()} has ${here}: a proof wants the same`);
}

/** `10.11` of `10.11.19-MariaDB-log`; `5.5.5-10.11.…` is how old clients were told. */
function majorOf(version: string): string {
  return /^(?:5\.5\.5-)?(\d+\.\d+)/.exec(version)?.[1] ?? version;
}

/** One job at a time proves a cloud's dumps: what is there of it is of a worker that died, or was frozen and is no longer heard. */
export function scratchFolder(parent: string, cloud: string): Promise<string> {
  const start = `proof-${cloud}-`;
  return onOurDisk(parent, async () => {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    for (const name of await readdir(parent))
      if (name.startsWith(start) && /^\w{6}$/.test(name.slice(start.length)))
        await rm(join(parent, name), { recursive: true, force: true });
    return mkdtemp(join(parent, start));
  });
}

export async function openScratch(folder: string): Promise<ScratchServer> {
  const files = join(folder, 'files');
  const fast = ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--innodb-buffer-pool-size=256M'];
  const options = [...fast, '--max-allowed-packet=1G', '--innodb-log-file-size=256M', `--secure-file-priv=${files}`];
  const server = await onOurDisk(folder, async () => {
    await mkdir(files);
    return ensureMariadb(folder, [], options);
  });
  const socket = new URL(server.url).searchParams.get('socketPath') ?? '';
  const pool = openOperatorPool(`mysql://root@/mysql?unix_socket=${encodeURIComponent(socket)}`, 'the scratch server');
  return {
    socket,
    pool,
    folder,
    alive: () => runs(folder),
    async drop() {
      await pool.close();
      await server.stop();
    },
  };
}

/** What this worker's disk refuses says nothing of the dump. */
async function onOurDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await inWords(folder, work);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new Unproven(error.message.replace(/ \(all of it in .*\)$/, ''));
  }
}

/** By the mark that whoever starts private servers leaves beside them. */
async function runs(folder: string): Promise<boolean> {
  const [pid = '0', ...born] = (await readFile(join(folder, 'mariadb.pid'), 'utf8').catch(() => '')).trim().split(' ');
  return isAlive({ pid: Number(pid), born: born.join(' ') });
}

export function freeBytes(folder: string): Promise<number> {
  return onOurDisk(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  });
}
