import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accounts } from '../test/irc/accounts.ts';
import { type IrcServers, startIrc } from '../test/irc/servers.ts';
import { median, printTable, quantile } from './ground.ts';
import { arrive, type Person } from './irc/person.ts';

/**
 * vigie on IRC beside irc-framework alone and Hubot 14, each in a process of its own on the same server in the same
 * run, vigie's bucket lifted. Goals: `whoami` p50 at most Hubot's, sustained at least half of Hubot's; `approve` p50 at
 * most 10 ms, 300/s, none lost. Then how long a report of 200 lines takes under the limits that it is shipped with.
 * Hubot comes from npm into a folder that is removed again.
 *
 *     npx tsx bench/irc.ts [rounds]
 */
const rounds = Number(process.argv[2] ?? 3);
const channel = '#bench';
const [warm, sustained, questions, plans] = [3000, 8000, 200, 400];
const pauseMs = 50;
const room = mkdtempSync(join(tmpdir(), 'vigie-bench-irc-'));
execFileSync('npm', ['install', '--prefix', room, '--no-audit', '--no-fund', '--ignore-scripts', 'hubot@14.1.0'], {
  stdio: 'ignore',
});
const irc = await startIrc('inspircd', 'ngircd', 'hybrid');
try {
  await beside(irc);
  await votes(irc);
  await longReport(irc);
} finally {
  await irc.stop();
  rmSync(room, { recursive: true, force: true });
}

async function beside({ inspircd }: IrcServers): Promise<void> {
  const figures = new Map<string, { p50: number[]; p95: number[]; rate: number[] }>();
  for (let round = 0; round < rounds; round += 1) {
    for (const peer of ['bare', 'hubot', 'vigie']) {
      const bot = await start(peer, inspircd.fast, accounts.vigie);
      const alice = await arrive(inspircd.fast, 'alice', channel, accounts.alice);
      const answered = /PRIVMSG #bench :(?:.*\W)?You are alice/;
      await atOnce(alice, warm, () => '!whoami', answered);
      const rate = await atOnce(alice, sustained, () => '!whoami', answered);
      const times = await inTurn(alice, questions, () => '!whoami', answered);
      const known = figures.get(peer) ?? { p50: [], p95: [], rate: [] };
      figures.set(peer, known);
      known.p50.push(median(times));
      known.p95.push(quantile(times, 0.95));
      known.rate.push(rate);
      alice.close();
      await end(bot);
    }
  }
  printTable(
    `!whoami (two lines) on inspircd, median of ${rounds} rounds: ${sustained} with 64 under way, ${questions} one by one`,
    ['bot', 'p50 ms', 'p95 ms', 'answers/s'],
    [...figures].map(([peer, { p50, p95, rate }]) => [
      peer,
      median(p50).toFixed(2),
      median(p95).toFixed(2),
      median(rate).toFixed(0),
    ]),
  );
}

async function votes({ inspircd }: IrcServers): Promise<void> {
  const bot = await start('vigie', inspircd.fast, accounts.vigie);
  const alice = await arrive(inspircd.fast, 'alice', channel, accounts.alice);
  const bob = await arrive(inspircd.fast, 'bob', channel, accounts.bob);
  const ids: string[] = [];
  const stop = alice.onLine((line) => {
    const id = /say !approve ([0-9a-z]+)/.exec(line)?.[1];
    if (id !== undefined && !ids.includes(id)) ids.push(id);
  });
  for (let asked = 0; asked < plans; asked += 1) {
    alice.send(`PRIVMSG ${channel} :!maintenance cmp${1 + (asked % 4)} --reason bench-${asked}`);
    while (ids.length < asked - 8) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  while (ids.length < plans) await new Promise((resolve) => setTimeout(resolve, 20));
  stop();
  bot.send('stop worker');
  await once(bot, 'message');
  const next = () => `!approve ${ids.shift() ?? ''}`;
  const approved = /PRIVMSG #bench :.* approved by bob/;
  await inTurn(bob, 20, next, approved);
  const times = await inTurn(bob, 100, next, approved);
  const left = ids.length;
  const rate = await atOnce(bob, left, next, approved, 32);
  printTable(
    `!approve: 100 one after another, then ${left} with 32 under way, each answered`,
    ['bot', 'p50 ms (goal 10)', 'p95 ms', 'answers/s (goal 300)'],
    [['vigie', median(times).toFixed(1), quantile(times, 0.95).toFixed(1), rate.toFixed(0)]],
  );
  for (const person of [alice, bob]) person.close();
  await end(bot);
}

/** `!servers` in private: over 200 lines, at the pace that each server bears. */
async function longReport({ inspircd, ngircd, hybrid }: IrcServers): Promise<void> {
  const table: string[][] = [];
  for (const [name, port, login] of [
    ['inspircd', inspircd.port, true],
    ['ngircd', ngircd.port, false],
    ['ircd-hybrid', hybrid.port, false],
  ] as const) {
    const bot = await start('vigie', port, login ? accounts.vigie : '', 'real');
    const alice = await arrive(login ? inspircd.fast : port, 'alice', channel, login ? accounts.alice : null);
    let lines = 0;
    let last = 0;
    const began = performance.now();
    const stop = alice.onLine((line) => {
      if (!/PRIVMSG alice :/i.test(line)) return;
      lines += 1;
      last = performance.now();
    });
    alice.send('PRIVMSG vigie :servers --cloud demo');
    while (lines === 0 || performance.now() - last < 15_000) await new Promise((resolve) => setTimeout(resolve, 200));
    stop();
    table.push([name, String(lines), ((last - began) / 1000).toFixed(0)]);
    alice.close();
    await end(bot);
  }
  printTable('!servers told in private, shipped limits (4 lines, then 1 a second)', ['server', 'lines', 's'], table);
}

async function start(peer: string, port: number, password: string, rate = 'lifted'): Promise<ChildProcess> {
  const bot = fork(new URL('./irc/peers.ts', import.meta.url), [peer], {
    env: {
      ...process.env,
      PORT: String(port),
      PASSWORD: password,
      RATE: rate,
      HUBOT: join(room, 'node_modules/hubot/index.mjs'),
    },
  });
  await once(bot, 'message');
  // The channel is joined a moment after the connection is there.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return bot;
}

async function end(bot: ChildProcess): Promise<void> {
  const gone = once(bot, 'exit');
  bot.send('stop');
  const late = setTimeout(() => bot.kill('SIGKILL'), bot.spawnargs.includes('vigie') ? 20_000 : 100);
  await gone;
  clearTimeout(late);
}

/**
 * Each when the one before is answered, and a pause later: the server holds a line back as long as the echo of the last
 * answer is not acknowledged, which takes a kernel 40 ms (Nagle's algorithm; bots without echoes never meet it). ms.
 */
async function inTurn(person: Person, count: number, line: () => string, answer: RegExp): Promise<number[]> {
  const times: number[] = [];
  for (let number = 0; number < count; number += 1) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const began = performance.now();
    await new Promise<void>((resolve) => {
      const stop = person.onLine((said) => {
        if (!answer.test(said)) return;
        stop();
        resolve();
      });
      person.send(`PRIVMSG ${channel} :${line()}`);
    });
    times.push(performance.now() - began);
  }
  return times;
}

/** So many under way; answers per second. Never ends where one is lost. */
function atOnce(person: Person, count: number, line: () => string, answer: RegExp, width = 64): Promise<number> {
  const began = performance.now();
  let [sent, answered] = [0, 0];
  return new Promise((resolve) => {
    const say = (): void => {
      if (sent >= count) return;
      sent += 1;
      person.send(`PRIVMSG ${channel} :${line()}`);
    };
    const stop = person.onLine((said) => {
      if (!answer.test(said)) return;
      answered += 1;
      if (answered < count) return say();
      stop();
      resolve(count / ((performance.now() - began) / 1000));
    });
    for (let first = 0; first < width; first += 1) say();
  });
}
