import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../src/openstack/cloud.ts';
import { HostName } from '../src/openstack/names.ts';
import { median, openGround, printTable } from './ground.ts';
import { openPeers, type Peer } from './peers.ts';
import { openRoom } from './room.ts';

/**
 * How long a drain takes, beside the bound in the same run: a bare loop that posts all moves at once and waits until the
 * last has completed. Goal: moves at most 1.10 times the bound, median of three. With LAB=<keystone's address> it runs
 * on that cloud and its servers instead of a simulated one; set the lab's migration time yourself.
 *
 *     npx tsx bench/drain.ts [runs] [servers] [seconds a migration]
 */
const [runs = 3, servers = 12, seconds = 5] = process.argv.slice(2).map(Number);
const host = HostName.parse('cmp1');
const ground = await openGround({
  SIMULATOR_SERVERS: String(servers),
  SIMULATOR_MIGRATE_SECONDS: String(seconds),
  SIMULATOR_TOKEN_ROWS: '0',
});
const room = await openRoom(ground);
const peers = await openPeers(ground.config);
const { cloud, database } = ground;
const bound: number[] = [];
const moves: number[] = [];
const whole: number[] = [];
const measured = new Map(peers.map(({ name }) => [name, { seconds: [] as number[], early: [] as number[] }]));
for (let run = 0; run < runs; run += 1) {
  await gather();
  const began = performance.now();
  await Promise.all((await here()).map((server) => post(server, null)));
  await until(async () => (await here()).length === 0);
  bound.push((performance.now() - began) / 1000);
  await gather();
  await drain();
  for (const peer of peers) {
    await gather();
    await race(peer);
  }
  const [all, vigie] = [bound.at(-1) ?? 0, moves.at(-1) ?? 0];
  console.error(
    `run ${run + 1}: all at once ${all.toFixed(1)} s, vigie ${vigie.toFixed(1)} s = ${(vigie / all).toFixed(2)}`,
  );
}
const ratio = (values: readonly number[]) =>
  median(values.map((value, index) => value / (bound[index] ?? 1))).toFixed(2);
printTable(
  `${servers} servers of ${host}, ${seconds} s a migration, median of ${runs} (ratio run by run)`,
  ['what', 's', 'ratio'],
  [
    ['all moves posted at once, until the last has completed', median(bound).toFixed(1), '1'],
    ['vigie: first move begun to last move proven (goal 1.10)', median(moves).toFixed(1), ratio(moves)],
    ['vigie: approved to emptiness proven', median(whole).toFixed(1), ratio(whole)],
    ...[...measured].flatMap(([name, { seconds: took, early }]) => [
      [`${name}: begun to empty (not done when it ended: ${early.join(', ')})`, median(took).toFixed(1), ratio(took)],
    ]),
  ],
);
console.log(`vigie looks every ${ground.config.settings.pollInterval} ms, more often while a move is young`);
await room.stop();
await ground.stop();

/** Everything that may comes to the host (a group's rule may keep some away): from elsewhere, so nothing is measured. */
async function gather(): Promise<void> {
  for await (const server of cloud.servers({})) {
    if (server.host !== host && server.status === 'ACTIVE') await post(server, host);
  }
  await sleep(1000);
  await until(async () => {
    for await (const server of cloud.servers({})) if (server.taskState !== null) return false;
    return true;
  });
  await sleep(2000);
}

async function here(): Promise<Server[]> {
  const found: Server[] = [];
  for await (const server of cloud.servers({ host })) if (server.status !== 'SHUTOFF') found.push(server);
  return found;
}

async function post(server: Server, to: HostName | null): Promise<void> {
  const limits = { signal: new AbortController().signal, notAfter: performance.now() + 60_000 };
  await cloud.liveMigrate(server.id, { host: to, block: 'auto' }, limits);
}

async function drain(): Promise<void> {
  await room.say('alice', `maintenance ${host}`);
  const { id } = await database.rows
    .selectFrom('job')
    .select('id')
    .orderBy('created_at', 'desc')
    .executeTakeFirstOrThrow();
  const began = performance.now();
  await room.say('bob', `approve ${id}`);
  await until(async () => {
    const job = await database.rows.selectFrom('job').select('ended_at').where('id', '=', id).executeTakeFirst();
    return job?.ended_at != null;
  });
  whole.push((performance.now() - began) / 1000);
  const steps = await database.rows.selectFrom('step').selectAll().where('job', '=', id).execute();
  const moved = steps.filter(({ step_key: key, state }) => key.startsWith('move:') && state === 'done');
  const first = Math.min(...moved.map(({ started_at: at }) => at?.getTime() ?? Number.NaN));
  const last = Math.max(...moved.map(({ ended_at: at }) => at?.getTime() ?? Number.NaN));
  moves.push((last - first) / 1000);
  await room.say('alice', `maintenance ${host} off`);
  await until(async () => (await cloud.computeService(host))?.status === 'enabled');
}

/** Runs it as a person would, then waits until the host is really empty: what had not moved when it ended was not done. */
async function race({ name, run }: Peer): Promise<void> {
  const began = performance.now();
  const servers = await here();
  await run({ host, servers: servers.map(({ id }) => id) });
  const left = (await here()).length;
  await until(async () => (await here()).length === 0);
  const result = measured.get(name);
  result?.seconds.push((performance.now() - began) / 1000);
  result?.early.push(left);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(250);
}
