import { afterAll, beforeAll, expect, test } from 'vitest';
import { arrive } from './person.ts';
import { type IrcServers, onDebian, startIrc } from './servers.ts';

let irc: IrcServers;

beforeAll(async () => {
  if (onDebian) irc = await startIrc('inspircd', 'ngircd', 'hybrid');
}, 120_000);
afterAll(() => irc?.stop());

test.runIf(onDebian)('people meet on each server; on the one with services they have accounts', async () => {
  for (const port of [irc.inspircd.port, irc.ngircd.port, irc.hybrid.port]) {
    const account = port === irc.inspircd.port ? 'alice' : null;
    const alice = await arrive({ port, nick: 'alice', account, channels: ['#meet'] });
    const bob = await arrive({ port, nick: 'bob', channels: ['#meet'] });
    alice.say('#meet', 'ahoy');
    expect(await bob.hears(/ahoy/)).toMatchObject({ from: 'alice', account, target: '#meet' });
    await Promise.all([alice.quit(), bob.quit()]);
  }
});
