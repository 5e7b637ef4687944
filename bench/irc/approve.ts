import { setTimeout as sleep } from 'node:timers/promises';
import { accounts, type IrcServers } from '../../test/irc/servers.ts';
import { median, printTable, quantile } from '../ground.ts';
import { ask, atOnce, type Bots } from './bots.ts';
import { arrive, type Person } from './person.ts';

const oneByOne = 80;
/** Longer than it takes until a job that no worker takes is told so. */
const untoldMs = 9000;

/** Each approval is a plan's own: so many are made first, then the worker rests. */
export async function approve({ inspircd }: IrcServers, bots: Bots, plans: number): Promise<void> {
  const bot = await bots.start({ peer: 'vigie', port: inspircd.fast, password: accounts.vigie });
  const alice = await arrive(inspircd.fast, 'alice', bot.channel, accounts.alice);
  const bob = await arrive(inspircd.fast, 'bob', bot.channel, accounts.bob);
  const ids = await planned(alice, bot.channel, plans);
  await bot.tell('stop worker');
  const asking = {
    person: bob,
    channel: bot.channel,
    line: () => `!approve ${ids.shift() ?? ''}`,
    answer: /PRIVMSG #\w+ :.* approved by bob/,
  };
  // Half of them warm it up, as whoami is. That no worker takes a job is told after some seconds, which is not what is
  // measured: at once first, and one after another when all of it has been told.
  const warm = Math.floor((ids.length - oneByOne) / 2);
  await atOnce(asking, warm, 32);
  const many = ids.length - oneByOne;
  const rate = await atOnce(asking, many, 32);
  await silence(bob);
  const times: number[] = [];
  for (let number = 0; number < oneByOne; number += 1) {
    await sleep(50);
    times.push((await ask(asking))[0]);
  }
  printTable(
    `!approve: after ${warm} more, ${many} with 32 under way, then ${oneByOne} one after another, each answered`,
    ['bot', 'p50 ms (goal 10)', 'p95 ms', 'answers/s (goal 300)'],
    [['vigie', median(times).toFixed(1), quantile(times, 0.95).toFixed(1), rate.toFixed(0)]],
  );
  for (const person of [alice, bob]) person.close();
  await bot.stop();
}

async function silence(person: Person): Promise<void> {
  let last = performance.now();
  const stop = person.onLine(() => {
    last = performance.now();
  });
  while (performance.now() - last < untoldMs) await sleep(200);
  stop();
}

async function planned(alice: Person, channel: string, plans: number): Promise<string[]> {
  const ids = new Set<string>();
  const stop = alice.onLine((line) => {
    const id = /say !approve ([0-9a-z]+)/.exec(line)?.[1];
    if (id !== undefined) ids.add(id);
  });
  for (let asked = 0; asked < plans; asked += 1) {
    alice.send(`PRIVMSG ${channel} :!maintenance cmp${1 + (asked % 4)} --reason bench-${asked}`);
    while (ids.size < asked - 8) await sleep(5);
  }
  while (ids.size < plans) await sleep(20);
  stop();
  return [...ids];
}
