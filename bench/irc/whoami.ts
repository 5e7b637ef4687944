import { setTimeout as sleep } from 'node:timers/promises';
import { accounts, type IrcServers } from '../../test/irc/servers.ts';
import { median, printTable, quantile } from '../ground.ts';
import { ask, atOnce, type Bot, type Bots, type Peer } from './bots.ts';
import { arrive } from './person.ts';

const peers: readonly Peer[] = ['bare', 'hubot', 'vigie'];
const [warm, sustained, questions] = [3000, 6000, 200];
/**
 * The server holds a line back as long as the echo of the last answer is not acknowledged, which takes a kernel 40 ms
 * (Nagle's algorithm; bots without echoes never meet it).
 */
const pauseMs = 50;

interface Figures {
  readonly rates: number[];
  /** Until the first line was there. */
  readonly times: number[];
  readonly whole: number[];
}

/** All three are there at once and are asked in turn, each as often first, so that what disturbs the machine disturbs them alike. */
export async function whoami({ inspircd }: IrcServers, bots: Bots, rounds: number): Promise<void> {
  const figures = new Map(peers.map((peer): [Peer, Figures] => [peer, { rates: [], times: [], whole: [] }]));
  for (let round = 0; round < rounds; round += 1) {
    const password = accounts.vigie;
    const all = await Promise.all(peers.map((peer) => bots.start({ peer, port: inspircd.fast, password })));
    await measure(inspircd.fast, startingAt(round, all), figures);
    await Promise.all(all.map((bot) => bot.stop()));
  }
  const hubot = figures.get('hubot')?.times ?? [];
  printTable(
    `!whoami (two lines) on inspircd: ${rounds} rounds of ${sustained} with 64 under way (median), ${questions} of each bot in turn`,
    ['bot', 'p50 ms', 'p95 ms', "of Hubot's p50", 'both lines p50', 'answers/s'],
    [...figures].map(([peer, { times, whole, rates }]) => [
      peer,
      median(times).toFixed(2),
      quantile(times, 0.95).toFixed(2),
      (median(times) / median(hubot)).toFixed(2),
      median(whole).toFixed(2),
      median(rates).toFixed(0),
    ]),
  );
}

async function measure(port: number, all: readonly Bot[], figures: ReadonlyMap<Peer, Figures>): Promise<void> {
  const person = await arrive(port, 'alice', all.map(({ channel }) => channel).join(), accounts.alice);
  const asking = ({ channel }: Bot) => ({
    person,
    channel,
    line: () => '!whoami',
    answer: /PRIVMSG #\w+ :(?:.*\W)?You are alice/,
  });
  for (const bot of all) {
    await atOnce(asking(bot), warm);
    figures.get(bot.peer)?.rates.push(await atOnce(asking(bot), sustained));
  }
  for (let number = 0; number < questions; number += 1)
    for (const bot of startingAt(number, all)) {
      await sleep(pauseMs);
      const [first, all] = await ask(asking(bot), /place: irc:/);
      figures.get(bot.peer)?.times.push(first);
      figures.get(bot.peer)?.whole.push(all);
    }
  person.close();
}

function startingAt<T>(number: number, all: readonly T[]): readonly T[] {
  const at = number % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
}
