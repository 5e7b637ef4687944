import { setTimeout as sleep } from 'node:timers/promises';
import { accounts, type IrcServers } from '../../test/irc/servers.ts';
import { printTable } from '../ground.ts';
import type { Bots } from './bots.ts';
import { arrive } from './person.ts';

/** Longer than any pause between two lines. */
const silenceMs = 15_000;

/** `!servers` in private: over 200 lines, at the pace that each server bears; the three of them side by side. */
export async function report(irc: IrcServers, bots: Bots): Promise<void> {
  const { inspircd, ngircd, hybrid } = irc;
  const table = await Promise.all([
    told(bots, { name: 'inspircd', port: inspircd.port, asker: inspircd.fast, services: true }),
    told(bots, { name: 'ngircd', port: ngircd.port, asker: ngircd.port, services: false }),
    told(bots, { name: 'ircd-hybrid', port: hybrid.port, asker: hybrid.port, services: false }),
  ]);
  printTable('!servers told in private, shipped limits (4 lines, then 1 a second)', ['server', 'lines', 's'], table);
}

interface Server {
  readonly name: string;
  readonly port: number;
  /** Where the one who asks comes in. */
  readonly asker: number;
  readonly services: boolean;
}

async function told(bots: Bots, { name, port, asker, services }: Server): Promise<string[]> {
  const password = services ? accounts.vigie : '';
  const bot = await bots.start({ peer: 'vigie', port, password, careful: true });
  const alice = await arrive(asker, 'alice', bot.channel, services ? accounts.alice : null);
  let lines = 0;
  let last = 0;
  const began = performance.now();
  const stop = alice.onLine((line) => {
    if (!/PRIVMSG alice :/i.test(line)) return;
    lines += 1;
    last = performance.now();
  });
  alice.send('PRIVMSG vigie :servers --cloud demo');
  while (lines === 0 || performance.now() - last < silenceMs) await sleep(200);
  stop();
  alice.close();
  await bot.stop();
  return [name, String(lines), ((last - began) / 1000).toFixed(0)];
}
