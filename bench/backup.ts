import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { ensureMariadb } from '../src/embedded.ts';
import { connectDatabases } from '../src/mysql/databases.ts';
import { backupGround } from '../test/backups/ground.ts';
import { median, printTable } from './ground.ts';

/**
 * How long a dump takes: vigie's (counted, hashed, sealed or in clear, its schema looked at before and after, on the disk
 * when it ends) beside `mariadb-dump | zstd -3` with the same options, in turns on the same server. Goal: at most 1.15 times.
 * CPU is that of the server, of all programs and of vigie together. Half of the bytes are tokens of 4 KB, half are rows of some 150 bytes. Then one proof, for the restore's time.
 *
 *     npx tsx bench/backup.ts [runs] [megabytes]
 */
const [runsTyped = '3', megabytes = '1000'] = process.argv.slice(2);
const half = (Number(megabytes) * 1024 * 1024) / 2;
const folder = mkdtempSync(join(tmpdir(), 'vigie-bench-backup-'));
const mariadb = await ensureMariadb(folder, ['CREATE DATABASE keystone'], ['--innodb-buffer-pool-size=2G']);
await fill();
await settle();
const server = { root: mariadb.url, databases: ['keystone'] };
const ground = backupGround();
await ground.admit(server);
const settings = ground.settings(server);
const signal = new AbortController().signal;
interface Took {
  readonly seconds: number;
  readonly cpu: number;
  readonly bytes: number;
}
const results = new Map<string, Took[]>();
let last: Awaited<ReturnType<typeof vigie>>['made'] | null = null;

for (let run = 0; run < Number(runsTyped); run += 1) {
  keep('mariadb-dump | zstd -3', peer());
  keep('vigie, in clear', await vigie(`c${run}`, 'none'));
  const sealed = await vigie(`s${run}`, settings.publicKey);
  keep('vigie, sealed', sealed);
  last = sealed.made;
}
const limit = median((results.get('mariadb-dump | zstd -3') ?? []).map(({ seconds }) => seconds));
printTable(
  `dump of ${megabytes} MB, medians of ${runsTyped}`,
  ['what', 's', 'CPU s', 'MB on the disk', 'times the peer (goal 1.15)'],
  [...results].map(([what, all]) => {
    const seconds = median(all.map((one) => one.seconds));
    const cpu = median(all.map((one) => one.cpu));
    const disk = (all[0]?.bytes ?? 0) / 1024 ** 2;
    return [what, seconds.toFixed(2), cpu.toFixed(2), disk.toFixed(0), (seconds / limit).toFixed(2)];
  }),
);
await proof();
await mariadb.stop();
rmSync(folder, { recursive: true, force: true });
await ground.drop().catch(() => undefined);
process.exit(0);

function keep(what: string, { seconds, cpu, bytes }: Took): void {
  results.set(what, [...(results.get(what) ?? []), { seconds, cpu, bytes }]);
  console.log(what, seconds.toFixed(2), 's,', cpu.toFixed(2), 's of CPU');
}

/** Seconds of CPU until now: this process's, its ended children's, the server's (Linux tells them in hundredths). */
function cpuSeconds(): number {
  const [pid] = readFileSync(join(folder, 'mariadb.pid'), 'utf8').split(' ');
  const ticks = (of: string, from: number, to: number): number[] =>
    (readFileSync(`/proc/${of}/stat`, 'utf8').split(') ').at(-1)?.split(' ').slice(from, to) ?? []).map(Number);
  return [...ticks('self', 11, 15), ...ticks(pid ?? '', 11, 13)].reduce((sum, each) => sum + each, 0) / 100;
}

function peer(): Took {
  const socket = new URL(mariadb.url).searchParams.get('socketPath');
  const file = join(folder, 'peer.zst');
  const options =
    '--single-transaction --quick --hex-blob --routines --triggers --events --default-character-set=utf8mb4';
  const [began, cpu] = [performance.now(), cpuSeconds()];
  execFileSync('bash', [
    '-c',
    `set -o pipefail; mariadb-dump --no-defaults --socket=${socket} --user=root ${options} --databases keystone | zstd -3 -q -f -o ${file} && sync ${file}`,
  ]);
  return { seconds: (performance.now() - began) / 1000, cpu: cpuSeconds() - cpu, bytes: statSync(file).size };
}

async function vigie(job: string, publicKey: string | null) {
  const databases = connectDatabases({
    cloud: 'bench',
    dsns: { cells: {} },
    backup: { ...settings, publicKey },
    now: () => new Date(),
  });
  const [began, cpu] = [performance.now(), cpuSeconds()];
  const dump = databases.dumps.dump({
    name: 'main',
    databases: ['keystone'],
    job,
    human: 'bench',
    signal,
    began: new Date(),
  });
  let next = await dump.next();
  while (!next.done) next = await dump.next();
  const seconds = (performance.now() - began) / 1000;
  const spent = cpuSeconds() - cpu;
  await databases.close();
  return { seconds, cpu: spent, bytes: next.value.facts.bytes, made: next.value };
}

async function proof(): Promise<void> {
  if (last === null) return;
  const databases = connectDatabases({ cloud: 'bench', dsns: { cells: {} }, backup: settings, now: () => new Date() });
  const proving = databases.dumps.prove({ ...last, signal });
  let next = await proving.next();
  while (!next.done) next = await proving.next();
  console.log('proof of the last one', JSON.stringify(next.value));
  await databases.close();
}

async function fill(): Promise<void> {
  const connection = await createConnection(mariadb.url);
  await connection.query('USE keystone');
  await connection.query(
    'CREATE TABLE token (id varchar(64) PRIMARY KEY, expires datetime, extra text, valid tinyint(1), trust_id varchar(64), user_id varchar(64), KEY (expires))',
  );
  await connection.query(
    `INSERT INTO token SELECT MD5(seq), UTC_TIMESTAMP(), CONCAT('{"token": "it''s ', REPEAT(MD5(seq), 60), REPEAT('catalog ', 250), '"}'), 1, NULL, MD5(seq % 50) FROM seq_1_to_${Math.ceil(half / 4100)}`,
  );
  await connection.query(
    'CREATE TABLE assignment (id bigint PRIMARY KEY, type varchar(20), actor_id varchar(64), target_id varchar(64), at datetime, inherited tinyint(1), note varchar(255))',
  );
  await connection.query(
    `INSERT INTO assignment SELECT seq, 'UserProject', MD5(seq), MD5(seq % 1000), UTC_TIMESTAMP(), 0, CONCAT('n', seq) FROM seq_1_to_${Math.ceil(half / 130)}`,
  );
  await connection.end();
}

/** Until the server has written what was filled in: it would be the first dump's load. */
async function settle(): Promise<void> {
  const connection = await createConnection(mariadb.url);
  await connection.query('SET GLOBAL innodb_max_dirty_pages_pct = 0, GLOBAL innodb_max_dirty_pages_pct_lwm = 0');
  const dirty = "SHOW GLOBAL STATUS WHERE Variable_name = 'Innodb_buffer_pool_pages_dirty' AND Value > 100";
  for (let [rows] = await connection.query(dirty); Array.isArray(rows) && rows.length > 0; ) {
    await sleep(200);
    [rows] = await connection.query(dirty);
  }
  await connection.end();
}
