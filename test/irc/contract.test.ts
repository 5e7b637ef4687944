import { afterAll, beforeAll, describe } from 'vitest';
import { createIrc } from '../../adapters/irc/irc.ts';
import { adapterContract } from '../contract/adapter.ts';
import { channel, ircOptions } from './ops.ts';
import { arrive } from './person.ts';
import { type IrcServers, onDebian, startIrcWithout } from './servers.ts';

let irc: IrcServers;

const servers: readonly (readonly [string, readonly string[]])[] = [
  ['IRC', []],
  // As on solanum, so on Libera: lines are echoed, but nothing says which line an echo is of.
  ['IRC without labels', ['ircv3_labeledresponse']],
];

describe.runIf(onDebian).each(servers)('%s', (_name, lacking) => {
  beforeAll(async () => {
    irc = await startIrcWithout(lacking, 'inspircd');
  }, 180_000);
  afterAll(() => irc?.stop());

  adapterContract(async (hear) => {
    const adapter = createIrc(ircOptions('test', irc.inspircd.fast, true));
    await adapter.start(hear);
    const alice = await arrive({ port: irc.inspircd.fast, nick: 'alice', account: 'alice', channels: [channel] });
    await alice.hears(({ from }) => from === 'vigie', { ms: 1 }).catch(() => undefined);
    while (!adapter.connected()) await new Promise((resolve) => setTimeout(resolve, 20));
    return {
      adapter,
      place: { adapter: 'irc', id: `irc:test/${channel}`, kind: 'channel' },
      account: 'irc:test/alice',
      say: async (line) => alice.say(channel, line),
      read: () =>
        alice.heard
          .filter(({ from }) => from === 'vigie')
          .map(({ text }) => text)
          .join('\n'),
      close: async () => {
        await adapter.stop();
        await alice.quit();
      },
    };
  });
});
