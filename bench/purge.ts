import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { unpacked } from '../test/setup/debian.ts';
import { type Ground, median, openGround, printTable, quantile } from './ground.ts';
import { openRoom, people } from './room.ts';
import { openTokenServer } from './token-server.ts';

/**
 * How long it takes to archive and delete the expired of a million tokens while people log in, 50 a second: vigie beside
 * pt-archiver and the limit (copy what lives, swap the tables), all on the same server in the same run. vigie is the
 * whole program: bot, approval, worker, proof. Goals: archive + purge at least 2.0 times pt-archiver --file, purge at
 * least 2.0 times pt-archiver and at most 1.5 times the limit, the writer's p99 at most 1.2 times pt-archiver's, 200 MiB.
 * What was measured is kept in BENCH_FOLDER (default /var/tmp/vigie-bench-purge), so runs may be done one by one.
 *
 *     npx tsx bench/purge.ts [method,method|table] [runs] [rows]
 */
const [wanted = '', runs = '1', rowsTyped = '1000000'] = process.argv.slice(2);
const rows = Number(rowsTyped);
const folder = process.env['BENCH_FOLDER'] ?? '/var/tmp/vigie-bench-purge';
const bound = 'UTC_TIMESTAMP() - INTERVAL 2 DAY';
const methods: Readonly<Record<string, () => Promise<number | null>>> = {
  'vigie-archive': () => vigie('tokens purge'),
  'vigie-purge': () => vigie('tokens purge --no-archive'),
  'pt-file': () => ptArchiver(['--file', join(folder, 'pt-archive.txt'), '--commit-each', '--limit', '1000']),
  'pt-purge': () => ptArchiver(['--purge', '--commit-each', '--limit', '1000']),
  limit: swap,
};

/** A worker's, as in the Procfile. */
const flags = ['--max-semi-space-size=1', '--optimize-for-size'];

/** What is measured: vigie's from the last approval until the proof is written. */
let began = 0;
let ended = 0;

interface Result {
  readonly method: string;
  readonly seconds: number;
  readonly p99: number;
  readonly worst: number;
  readonly rss: number | null;
}

mkdirSync(folder, { recursive: true });
const kept = join(folder, `results-${rows}.json`);
const results: Result[] = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : [];
const server = await openTokenServer(folder, rows);
const names = wanted === 'table' ? [] : wanted === '' ? Object.keys(methods) : wanted.split(',');
for (let run = 0; run < Number(runs); run += 1) for (const name of names) results.push(await measure(name));
await server.stop();
show();
process.exit(0);

async function measure(name: string): Promise<Result> {
  await server.reset();
  const writer = spawn('npx', ['tsx', 'bench/token-writer.ts', server.socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  let said = '';
  writer.stdout.on('data', (bytes) => {
    said += bytes;
  });
  await sleep(3000);
  ended = 0;
  began = performance.now();
  const rss = (await methods[name]?.()) ?? null;
  const seconds = ((ended || performance.now()) - began) / 1000;
  process.kill(-(writer.pid ?? 0), 'SIGTERM');
  await new Promise((resolve) => writer.once('close', resolve));
  const took: number[] = JSON.parse(said);
  const result = { method: name, seconds, p99: quantile(took, 0.99), worst: Math.max(...took), rss };
  await expectPurged();
  writeFileSync(kept, JSON.stringify([...results, result]));
  console.log(JSON.stringify(result));
  return result;
}

async function expectPurged(): Promise<void> {
  const connection = await server.connect();
  const [found] = await connection.query(`SELECT COUNT(*) AS old FROM token WHERE expires < ${bound}`);
  await connection.end();
  if (JSON.stringify(found) !== '[{"old":0}]') throw new Error(`rows were left: ${JSON.stringify(found)}`);
}

/** Asked, approved, done, as people do it, by a worker as it is installed. Returns the most memory that had, MiB. */
async function vigie(line: string): Promise<number> {
  const archive = join(folder, 'archive');
  rmSync(archive, { recursive: true, force: true });
  const keystone = `mysql://root@/keystone?unix_socket=${server.socket}`;
  const ground = await openGround({ SIMULATOR_SERVERS: '0', SIMULATOR_TOKEN_ROWS: '0' });
  const room = await openRoom(ground, { workers: 0 });
  const worker = startWorker(ground, { keystone, archive: { folder: archive, public_key: key() } });
  await until(async () => (await ground.database.rows.selectFrom('worker').select('name').execute()).length > 0);
  await room.say('alice', line);
  const { id } = await ground.database.rows.selectFrom('job').select('id').executeTakeFirstOrThrow();
  await until(async () => (await stateOf(id)) === 'awaiting');
  console.log(`before it begins the worker has ${peakOf(worker).toFixed(0)} MiB`);
  began = performance.now();
  await room.say('bob', `approve ${id}`);
  await room.say('carol', `approve ${id}`);
  await until(async () => ['done', 'failed', 'partial'].includes(await stateOf(id)));
  const state = await stateOf(id);
  ended = performance.now();
  const peak = peakOf(worker);
  worker.kill('SIGTERM');
  await room.stop();
  await ground.stop();
  if (state !== 'done') throw new Error(`the job ended ${state}`);
  return peak;

  async function stateOf(job: string): Promise<string> {
    const rows = ground.database.rows.selectFrom('job').select('state').where('id', '=', job);
    return (await rows.executeTakeFirstOrThrow()).state;
  }
}

/** The most it ever had, MiB. */
function peakOf({ pid }: ChildProcess): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function startWorker(ground: Ground, vigie: object): ChildProcess {
  execFileSync('npx', ['tsc', '-p', 'tsconfig.json', '--outDir', 'dist']);
  const { authUrl, region } = ground.config;
  const domains = { user_domain_name: 'Default', project_domain_name: 'Default' };
  const auth = { auth_url: authUrl, username: 'admin', password: 'lab', project_name: 'admin', ...domains };
  const clouds = join(folder, 'clouds.yaml');
  // JSON is YAML.
  writeFileSync(clouds, JSON.stringify({ clouds: { demo: { region_name: region, auth, vigie } } }));
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, people);
  return spawn(process.execPath, [...flags, '--enable-source-maps', 'dist/src/main.js', 'worker'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: ground.databaseUrl,
      REDIS_URL: ground.redisUrl,
      POLICY_FILE: policy,
      CLOUDS_FILE: clouds,
      LOG_FILE: join(folder, 'worker.log'),
    },
    stdio: 'ignore',
  });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(100);
}

function key(): string {
  const path = join(folder, 'archive.pub.pem');
  if (!existsSync(path)) writeFileSync(path, publicKey());
  return path;
}

function publicKey(): string {
  const { publicKey } = generateKeyPairSync('x25519');
  return publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

async function ptArchiver(how: readonly string[]): Promise<null> {
  rmSync(join(folder, 'pt-archive.txt'), { force: true });
  const root = await unpacked('percona', ['percona-toolkit', 'libdbi-perl', 'libdbd-mysql-perl', 'libmariadb3']);
  const machine = 'x86_64-linux-gnu';
  const env = {
    PATH: process.env['PATH'],
    PERL5LIB: [`${root}/usr/lib/${machine}/perl5/5.36`, `${root}/usr/share/perl5`].join(':'),
    LD_LIBRARY_PATH: `${root}/usr/lib/${machine}`,
  };
  const source = `S=${server.socket},u=root,D=keystone,t=token`;
  const where = `expires < ${bound}`;
  const options = ['--source', source, '--where', where, '--no-check-charset', '--no-version-check', ...how];
  await promisify(execFile)('perl', [`${root}/usr/bin/pt-archiver`, ...options], { env });
  return null;
}

/** The limit: copies what lives, swaps, brings what came meanwhile. It loses what was changed meanwhile. */
async function swap(): Promise<null> {
  const connection = await server.connect();
  await connection.query('CREATE TABLE token_new LIKE token');
  await connection.query(`INSERT INTO token_new SELECT * FROM token FORCE INDEX (PRIMARY) WHERE expires >= ${bound}`);
  await connection.query('RENAME TABLE token TO token_old, token_new TO token');
  await connection.query(
    `INSERT IGNORE INTO token SELECT o.* FROM token_old o LEFT JOIN token n ON n.id = o.id WHERE n.id IS NULL AND o.expires >= ${bound}`,
  );
  await connection.query('DROP TABLE token_old');
  await connection.end();
  return null;
}

function show(): void {
  const of = (name: string): Result[] => results.filter(({ method }) => method === name);
  const middle = (name: string, what: 'seconds' | 'p99'): number => median(of(name).map((result) => result[what]));
  const versus: Readonly<Record<string, string>> = { 'vigie-archive': 'pt-file', 'vigie-purge': 'pt-purge' };
  printTable(
    `${rows} tokens, nine in ten expired, 50 logins a second; medians of up to 3`,
    ['method', 'runs', 's', 'rows/s', 'login p99 ms', 'worst ms', 'peak MiB', 'times pt', 'of the limit'],
    Object.keys(methods).map((name) => [
      name,
      `${of(name).length}`,
      middle(name, 'seconds').toFixed(1),
      `${Math.round((rows * 0.9) / middle(name, 'seconds'))}`,
      middle(name, 'p99').toFixed(1),
      Math.max(...of(name).map(({ worst }) => worst)).toFixed(0),
      Math.max(0, ...of(name).map(({ rss }) => rss ?? 0)).toFixed(0),
      versus[name] ? (middle(versus[name], 'seconds') / middle(name, 'seconds')).toFixed(2) : '',
      (middle(name, 'seconds') / middle('limit', 'seconds')).toFixed(2),
    ]),
  );
}
