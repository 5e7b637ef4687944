import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../../chat/user-error.ts';
import { bornAt, findProgram, isAlive } from '../../embedded/process.ts';
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

const owner = 'owner.json';

/** `job`: a proof that is taken up again begins with an empty folder. What dead workers left is removed, too. */
export async function scratchFolder(parent: string, job: string): Promise<string> {
  await sweep(parent);
  const folder = join(parent, `proof-${job}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, owner), JSON.stringify({ pid: process.pid, born: bornAt(process.pid) }));
  return folder;
}

export async function openScratch(folder: string): Promise<ScratchServer> {
  const files = join(folder, 'files');
  await mkdir(files);
  const fast = ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--innodb-buffer-pool-size=256M'];
  const options = [...fast, '--max-allowed-packet=1G', '--innodb-log-file-size=256M', `--secure-file-priv=${files}`];
  const server = await ensureMariadb(folder, [], options).catch((error: unknown) => {
    if (error instanceof UserError) throw new Unproven(error.message.replace(/ \(all of it in .*\)$/, ''));
    throw error;
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

/** By the mark that whoever starts private servers leaves beside them. */
async function runs(folder: string): Promise<boolean> {
  const [pid = '0', ...born] = (await readFile(join(folder, 'mariadb.pid'), 'utf8').catch(() => '')).trim().split(' ');
  return isAlive({ pid: Number(pid), born: born.join(' ') });
}

export async function freeBytes(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith('proof-')) continue;
    const folder = join(parent, name);
    const mark = await readFile(join(folder, owner), 'utf8').then(JSON.parse, () => null);
    if (mark === null || !isAlive(mark)) await rm(folder, { recursive: true, force: true });
  }
}
