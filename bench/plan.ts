import { setTimeout as sleep } from 'node:timers/promises';
import { median, openGround, printTable } from './ground.ts';
import { openRoom } from './room.ts';

/**
 * How long the plan of a drain takes, and how much memory, in a cloud of many servers. Goal: a host of 200 servers in a
 * simulated cloud of 20,000 within 3 s and 200 MiB of this process (bot and worker together) beyond what it had before.
 *
 *     npx tsx bench/plan.ts [servers] [hosts] [runs]
 */
const [servers = 20_000, hosts = 100, runs = 3] = process.argv.slice(2).map(Number);
const ground = await openGround({
  SIMULATOR_SERVERS: String(servers),
  SIMULATOR_HOSTS: String(hosts),
  SIMULATOR_TOKEN_ROWS: '0',
});
const room = await openRoom(ground);
const seconds: number[] = [];
const before = process.memoryUsage().rss;
let most = before;
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage().rss);
}, 20);
for (let run = 0; run < runs; run += 1) {
  const began = performance.now();
  await room.say('alice', 'maintenance cmp1');
  await planned();
  seconds.push((performance.now() - began) / 1000);
  await room.say('bob', `deny ${await lastJob()}`);
}
clearInterval(watch);
printTable(
  `the plan of a host of ${Math.round(servers / hosts)} servers in a cloud of ${servers}, median of ${runs}`,
  ['what', 'figure'],
  [
    ['line to plan, s (goal 3)', median(seconds).toFixed(2)],
    ['memory above the start, MiB (goal 200)', ((most - before) / 2 ** 20).toFixed(0)],
  ],
);
await room.stop();
await ground.stop();

async function lastJob(): Promise<string> {
  const { rows } = ground.database;
  const row = await rows.selectFrom('job').select('id').orderBy('created_at', 'desc').executeTakeFirstOrThrow();
  return row.id;
}

async function planned(): Promise<void> {
  for (;;) {
    const { rows } = ground.database;
    const row = await rows
      .selectFrom('job')
      .select('state')
      .where('id', '=', await lastJob())
      .executeTakeFirst();
    if (row?.state === 'awaiting') return;
    if (row?.state === 'failed') throw new Error('the plan failed');
    await sleep(20);
  }
}
