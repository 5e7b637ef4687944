import { type IrcServers, startIrc } from '../test/irc/servers.ts';
import { approve } from './irc/approve.ts';
import { type Bots, openBots } from './irc/bots.ts';
import { report } from './irc/report.ts';
import { whoami } from './irc/whoami.ts';

/**
 * vigie on IRC, its bucket lifted. `whoami` beside irc-framework alone and Hubot 14, each in a process of its own on the
 * same server in the same run: p50 at most Hubot's, sustained at least half of Hubot's. `approve`, which writes: p50 at
 * most 10 ms, 300/s, none lost. `report`: how long 200 lines take under the limits that vigie is shipped with.
 *
 *     bench/run irc [whoami[=ROUNDS]] [approve[=PLANS]] [report]
 */
type Part = (irc: IrcServers, bots: Bots, count: number) => Promise<void>;
const parts: Readonly<Record<string, readonly [part: Part, count: number]>> = {
  whoami: [whoami, 3],
  approve: [approve, 600],
  report: [report, 1],
};
const asked = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
const irc = await startIrc('inspircd', 'ngircd', 'hybrid');
const bots = openBots();
try {
  for (const [name = '', count] of asked.map((one) => one.split('='))) {
    const known = parts[name];
    if (known === undefined) throw new Error(`${name}: there are ${Object.keys(parts).join(', ')}`);
    await known[0](irc, bots, Number(count ?? known[1]));
  }
} finally {
  bots.close();
  await irc.stop();
}
