import { setTimeout as sleep } from 'node:timers/promises';
import { createConsole } from '../../adapters/console/console.ts';
import { startBot } from '../bot.ts';
import { UserError } from '../chat/user-error.ts';
import type { Registry } from '../command/registry.ts';
import { openBells } from '../jobs/queue.ts';
import { isAnswered } from '../jobs/settled.ts';
import type { Log } from '../log.ts';
import { type Database, openDatabase } from '../mysql/database.ts';
import { loadPolicy } from '../policy/policy.ts';
import { allSaid, closeJobs, openJobs, waitsForPerson } from './open-jobs.ts';
import type { Servers } from './servers.ts';
import { type Scene, welcome } from './welcome.ts';

interface Parts {
  readonly scene: Scene;
  readonly servers: Servers;
  readonly registry: Registry;
  readonly log: Log;
  readonly policyFile: string;
  readonly place: string;
}

type Later = (undo: () => void | Promise<void>) => void;

const look = 100;
const patience = 20_000;
const workerPatience = 30_000;

/** The bot with this terminal as its chat, until the input ends and what was begun has ended, too. */
export async function converse(parts: Parts, later: Later): Promise<number> {
  const { scene, servers, registry, log } = parts;
  const database = await openDatabase(servers.databaseUrl);
  later(() => database.close());
  const bells = openBells(servers.redisUrl);
  later(() => bells.close());
  const policy = await loadPolicy(parts.policyFile, { commands: registry.commands.map(({ name }) => name) });
  const began = await database.now();
  await aWorkerIsThere(database, scene);

  process.stdout.write(welcome(scene));
  const interrupt = interruption();
  const terminal = createConsole({
    input: process.stdin,
    output: process.stdout,
    tty: process.stdin.isTTY && process.stdout.isTTY,
    place: parts.place,
    account: `console:${scene.user}`,
    name: scene.user,
    speakers: scene.speakers,
    answered: async (key) => void (await until(() => isAnswered(database.rows, key))),
    interrupted: interrupt.now,
  });
  const bot = await startBot({
    version: scene.version,
    database,
    bells,
    registry,
    adapters: [terminal],
    log,
    prefix: '!',
    policy: () => policy,
  });
  later(() => bot.stop());
  const all = terminal.ended.then(() => finish(database, began)).then(() => 0);
  return Promise.race([all, interrupt.code]);
}

/** Ctrl-C and its like: everything is stopped in order, and jobs that run are handed over as in any stop. */
function interruption(): { now: () => void; code: Promise<number> } {
  let now: () => void = () => undefined;
  const code = new Promise<number>((resolve) => {
    now = () => resolve(130);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, now);
  });
  return { now, code };
}

async function aWorkerIsThere({ rows }: Database, { cloud, directory }: Scene): Promise<void> {
  const there = await until(async () => {
    const workers = await rows.selectFrom('worker').select('name').where('cloud', '=', cloud).limit(1).execute();
    return workers.length > 0;
  }, workerPatience);
  if (!there) throw new UserError(`The worker did not start: see ${directory}/worker.log`);
}

/** The input has ended: what runs may end, what waits for a person is listed and closed, for nobody is left. */
async function finish(database: Database, began: Date): Promise<void> {
  await until(async () => (await openJobs(database, began)).every(waitsForPerson) && (await allSaid(database)));
  const left = await openJobs(database, began);
  if (left.length === 0) return;
  const lines = left.map(({ id, state, line }) => `  ${id}  ${state}  ${line}`);
  process.stdout.write(`\nThe input has ended. Closed, for nobody is left to answer:\n${lines.join('\n')}\n`);
  await closeJobs(database, left);
  await until(async () => (await openJobs(database, began)).length === 0 && (await allSaid(database)), patience);
}

async function until(holds: () => Promise<boolean>, atMost = Number.POSITIVE_INFINITY): Promise<boolean> {
  for (const end = performance.now() + atMost; performance.now() < end; await sleep(look))
    if (await holds()) return true;
  return false;
}
