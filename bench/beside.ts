import { setTimeout as sleep } from 'node:timers/promises';
import { HostName } from '../src/openstack/names.ts';
import { median, openGround, printTable } from './ground.ts';
import { openRoom } from './room.ts';

/**
 * How long a line waits for its answer while many hosts are drained: nobody must think that the bot is dead. Each host has one
 * server whose move does not end; one worker has them all. Goal: the slowest of all answers within 2 s, beside fifty drains.
 *
 *     bench/run beside [drains] [lines]
 */
const [drains = 50, lines = 100] = process.argv.slice(2).map(Number);
const ground = await openGround({
  SIMULATOR_HOSTS: String(drains + 4),
  SIMULATOR_SERVERS: String(drains + 4),
  SIMULATOR_MIGRATE_SECONDS: '100000',
  SIMULATOR_TOKEN_ROWS: '0',
});
const room = await openRoom(ground);
const alone = await askMany();
// Closed by their owners before: else the first servers move onto hosts whose turn comes, and other plans must be approved.
for (let n = 1; n <= drains; n += 1) await close(HostName.parse(`cmp${n}`));
const began = performance.now();
for (let n = 1; n <= drains; n += 1) await room.say('alice', `maintenance cmp${n}`);
await until(async () => (await inState('awaiting')).length === drains);
const planned = performance.now();
for (const job of await inState('awaiting')) await room.say('bob', `approve ${job}`);
await until(async () => (await moving()) === drains);
const running = performance.now();
const beside = await askMany();
if ((await moving()) !== drains) throw new Error('not all of the drains ran until the end');
const row = (what: string, values: readonly number[]) => [
  what,
  median(values).toFixed(0),
  Math.max(...values).toFixed(0),
];
printTable(
  `${lines} times "!host cmpN", one after the other`,
  ['what', 'p50 ms', 'slowest ms'],
  [row('before any drain', alone), row(`beside ${drains} drains (goal 2000, the slowest)`, beside)],
);
console.log(
  `${drains} plans ${((planned - began) / 1000).toFixed(1)} s, approved one by one until all move ${((running - planned) / 1000).toFixed(1)} s`,
);
await room.stop();
await ground.stop();

async function askMany(): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < lines; n += 1) {
    const host = `cmp${1 + (n % drains)}`;
    const asked = performance.now();
    await room.say('carol', `host ${host}`, ({ title }) => title.startsWith(`${host}:`));
    took.push(performance.now() - asked);
  }
  return took;
}

async function close(host: HostName): Promise<void> {
  const limits = { signal: new AbortController().signal, notAfter: performance.now() + 60_000 };
  await ground.cloud.disableService(host, 'a fan is broken', limits);
}

async function inState(state: 'awaiting' | 'running'): Promise<string[]> {
  const jobs = await ground.database.rows.selectFrom('job').select('id').where('state', '=', state).execute();
  return jobs.map(({ id }) => id);
}

async function moving(): Promise<number> {
  const steps = ground.database.rows.selectFrom('step').select('job').where('name', '=', 'move');
  return (await steps.where('state', '=', 'running').execute()).length;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const giveUp = performance.now() + 120_000; !(await holds()); await sleep(100))
    if (performance.now() > giveUp) throw new Error('not all drains came so far within two minutes');
}
