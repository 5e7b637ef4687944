import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inWords } from '../../archive/writer.ts';
import { UserError } from '../../chat/user-error.ts';
import { findProgram } from '../../embedded/process.ts';
import type { OperatorDsn } from '../operator-dsn.ts';
import { type Outlet, openOutlet } from './outlet.ts';

export type Flavour = 'mariadb' | 'mysql';

export interface DumpTool {
  readonly path: string;
  /** As it says itself: `10.19 Distrib 10.11.19-MariaDB`. */
  readonly version: string;
  readonly flavour: Flavour;
}

/** Nothing of the worker's own environment goes to a program that reads operators' data. */
export const bareEnvironment = { PATH: process.env['PATH'] ?? '', LANG: 'C', TZ: 'UTC' };

/** The one that came with such a server, where there is a choice. */
export async function findDumpTool(source: Flavour): Promise<DumpTool> {
  const names = source === 'mariadb' ? ['mariadb-dump', 'mysqldump'] : ['mysqldump', 'mariadb-dump'];
  const path = findProgram(...names);
  if (path === null)
    throw new UserError(
      `this worker has no ${names[0]}: apt-get install --no-install-recommends mariadb-client (brew install mariadb) brings it`,
    );
  const { stdout } = await promisify(execFile)(path, ['--version'], { env: bareEnvironment });
  const version =
    /Ver ([^,\n]*)/
      .exec(stdout)?.[1]
      ?.replace(/ for .*$/, '')
      .trim() ?? 'of unknown version';
  return { path, version, flavour: /mariadb/i.test(stdout) ? 'mariadb' : 'mysql' };
}

interface Source {
  readonly flavour: Flavour;
  readonly version: string;
  readonly binlog: boolean;
  readonly databases: readonly string[];
}

/** One invocation is one snapshot. `--single-transaction` locks no table; the position stands in the dump as a comment. */
export function dumpArguments(tool: DumpTool, source: Source): string[] {
  return [
    ...['--single-transaction', '--quick', '--hex-blob', '--routines', '--triggers', '--events'],
    ...['--default-character-set=utf8mb4', '--max-allowed-packet=1G'],
    ...(tool.flavour === 'mysql' ? mysqlOptions(tool, source) : []),
    ...(source.binlog ? positionOptions(tool, source) : []),
    '--databases',
    ...source.databases,
  ];
}

/** From 8.0 it asks every server for histograms, which only such servers have; before 8.0.17 it cannot write a GTID as a comment. */
function mysqlOptions(tool: DumpTool, source: Source): string[] {
  const alone = isFrom(tool, [8, 0, 0]) && !(source.flavour === 'mysql' && isFrom(source, [8, 0, 0]));
  return [
    '--no-tablespaces',
    `--set-gtid-purged=${isFrom(tool, [8, 0, 17]) ? 'COMMENTED' : 'OFF'}`,
    ...(alone ? ['--column-statistics=0'] : []),
  ];
}

function positionOptions(tool: DumpTool, source: Source): string[] {
  if (tool.flavour === 'mariadb') return ['--master-data=2', ...(source.flavour === 'mariadb' ? ['--gtid'] : [])];
  return [isFrom(tool, [8, 0, 26]) ? '--source-data=2' : '--master-data=2'];
}

/** Of `8.0.36`, `5.7.44-log`, and `10.13 Distrib 5.7.44`, whose first number is of the program's own. */
function isFrom({ version }: { version: string }, since: readonly [number, number, number]): boolean {
  const is = /(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  const first = since.findIndex((part, index) => is[index] !== part);
  return first === -1 || (is[first] ?? 0) > (since[first] ?? 0);
}

export interface RunningProgram {
  readonly child: ChildProcess;
  readonly outlet: Outlet;
  /** The password leaves the disk: the program has read it. */
  forget(): Promise<void>;
}

/** A program of the database's own, logged in by a file that only we may read: never by its arguments, never by a shell. */
export async function runLoggedIn(dsn: OperatorDsn, tool: DumpTool, args: readonly string[]): Promise<RunningProgram> {
  const { folder, file, outlet } = await inWords(tmpdir(), () => openLogin(dsn, tool.flavour));
  const [program = tool.path, ...words] = [...inLargePieces(), tool.path, `--defaults-file=${file}`, ...args];
  const child = spawn(program, words, { stdio: ['ignore', outlet.inlet, 'pipe'], env: bareEnvironment });
  outlet.inlet.destroy();
  return { child, outlet, forget: () => rm(folder, { recursive: true, force: true }) };
}

async function openLogin(
  dsn: OperatorDsn,
  flavour: Flavour,
): Promise<{ folder: string; file: string; outlet: Outlet }> {
  await sweepLogins();
  const folder = await mkdtemp(join(tmpdir(), loginPrefix));
  try {
    const file = join(folder, 'login.cnf');
    await writeFile(file, await loginText(dsn, flavour, folder), { mode: 0o600 });
    return { folder, file, outlet: await openOutlet(folder) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Such programs say 4 KiB at a time, and each piece wakes us: coreutils' stdbuf makes it more, and becomes the program. */
function inLargePieces(): string[] {
  const stdbuf = findProgram('stdbuf');
  return stdbuf === null ? [] : [stdbuf, '--output=64K'];
}

const loginPrefix = 'vigie-login-';
const longReadMs = 3_600_000;

/** A worker that was killed could not take its passwords off the disk; a file this old no program reads any more. */
async function sweepLogins(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(loginPrefix));
  for (const folder of names.map((name) => join(tmpdir(), name))) {
    const made = await lstat(folder).catch(() => null);
    if (made === null || made.uid !== process.getuid?.() || Date.now() - made.mtimeMs < longReadMs) continue;
    await rm(folder, { recursive: true, force: true });
  }
}

async function loginText(
  { user, password, address, ssl }: OperatorDsn,
  flavour: Flavour,
  folder: string,
): Promise<string> {
  const words: [string, string][] = [
    ...(user === '' ? [] : ([['user', user]] satisfies [string, string][])),
    ['password', password],
    ...('socketPath' in address
      ? ([['socket', address.socketPath]] satisfies [string, string][])
      : ([
          ['protocol', 'tcp'],
          ['host', address.host],
          ['port', `${address.port}`],
        ] satisfies [string, string][])),
  ];
  for (const name of ['ca', 'cert', 'key'] as const) {
    const pem = ssl?.[name];
    if (pem === undefined) continue;
    const path = join(folder, `${name}.pem`);
    await writeFile(path, String(pem), { mode: 0o600 });
    words.push([`ssl-${name}`, path]);
  }
  if (ssl?.verifyIdentity)
    words.push(flavour === 'mariadb' ? ['ssl-verify-server-cert', 'on'] : ['ssl-mode', 'VERIFY_IDENTITY']);
  return `[client]\n${words.map(([name, value]) => `${name}=${quoted(value)}\n`).join('')}`;
}

/** As option files want it. */
function quoted(value: string): string {
  const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  return `"${value.replace(/[\\"\n\r\t]/g, (sign) => escapes[sign] ?? sign)}"`;
}

/** What went wrong, of what the program said: its words may hold statements and names of accounts. */
export function programTrouble(said: string, code: number | null): string {
  const number = numberIn(said);
  const table = /when dumping table [`'](\w+)[`']/.exec(said)?.[1];
  const words = troubles.find(({ numbers }) => numbers.includes(number))?.words;
  const where = table === undefined ? '' : ` at table ${table}`;
  if (words !== undefined) return `${words}${where}`;
  return number === '' ? `it ended with ${code ?? 'a signal'}${where}` : `it ended with error ${number}${where}`;
}

/** Its disk or its memory. */
export function saysFull(said: string): boolean {
  return full.includes(numberIn(said));
}

/** The connection broke: of why, it says nothing. */
export function saysLost(said: string): boolean {
  return lost.includes(numberIn(said));
}

function numberIn(said: string): string {
  return /\b(?:error:? |ERROR |\()(\d{4})\b/i.exec(said)?.[1] ?? '';
}

const full = ['1114', '1021', '1041'];
const lost = ['1053', '1927', '2006', '2013'];
const troubles: readonly { numbers: readonly string[]; words: string }[] = [
  {
    numbers: ['1044', '1142', '1143', '1227', '1370'],
    words: 'the account lacks a grant (docs/backups.md names them)',
  },
  { numbers: ['1045'], words: 'the server refused the login' },
  {
    numbers: ['1049', '1146', '1412'],
    words: 'a table or database changed meanwhile (a db_sync?): do it again when it is over',
  },
  { numbers: ['2002', '2003', '2005'], words: 'the server cannot be reached' },
  { numbers: lost, words: 'the server closed the connection in the middle' },
  { numbers: full, words: 'its disk or memory is full' },
  { numbers: ['1205', '1213'], words: 'somebody held a lock too long' },
  { numbers: ['1062'], words: 'a row is there twice' },
  { numbers: ['1064'], words: 'what it holds is not SQL that this server understands' },
  { numbers: ['2026'], words: 'it could not agree on TLS' },
];
