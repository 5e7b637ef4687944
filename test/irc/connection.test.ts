import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Network, openNetwork } from '../../adapters/irc/network.ts';
import type { NetworkOptions } from '../../adapters/irc/options.ts';
import { usualPace } from '../../adapters/irc/pace.ts';
import { blackSeconds, quickPace } from './pace.ts';
import { arrive, type Person } from './person.ts';
import { type CuttableLine, openProxy } from './proxy.ts';
import { accounts, type IrcServers, onDebian, startIrc } from './servers.ts';

let irc: IrcServers;
let proxy: CuttableLine;
let network: Network;

describe.runIf(onDebian)('vigie comes back by itself: identified, under its nick, in its channel', () => {
  beforeAll(async () => {
    irc = await startIrc('inspircd', 'ngircd');
    proxy = await openProxy(() => irc.inspircd.fast);
  }, 120_000);
  afterEach(() => network?.stop());
  afterAll(async () => {
    await proxy?.close();
    await irc?.stop();
  });

  function open(port = proxy.port, channels: NetworkOptions['channels'] = [{ name: '#ops', key: null }]): Network {
    network = one(port, channels);
    network.start();
    return network;
  }

  function one(port: number, channels: NetworkOptions['channels'], log: NetworkOptions['log'] = () => {}): Network {
    return openNetwork({
      name: 'test',
      link: { host: '127.0.0.1', port, tls: null },
      nick: 'vigie',
      serverPassword: null,
      login: { account: 'vigie', mechanism: 'PLAIN', password: accounts.vigie },
      channels,
      version: 'test',
      rate: { burst: 1000, everyMs: 1 },
      pace: quickPace,
      log,
    });
  }

  const asWished = () =>
    network.connected() && network.identified() && network.isIn('#OPS') && network.client.user.nick === 'vigie';
  const back = () => expect.poll(asWished, { interval: 50 }).toBe(true);

  async function up(): Promise<void> {
    open();
    await back();
  }

  test('cut right after registering, again and again', async () => {
    open();
    for (let cuts = 0; cuts < 4; cuts += 1) {
      await expect.poll(network.connected, { interval: 5 }).toBe(true);
      proxy.cut();
      await expect.poll(network.connected, { interval: 5 }).toBe(false);
    }
    await back();
  });

  test('two bots of one configuration do not take the nick from each other for ever', async () => {
    const kills: string[] = [];
    const log = (_level: string, facts: object) => {
      const { why } = facts as { why?: string };
      if (why !== undefined && /ghost|kill/i.test(why)) kills.push(why);
    };
    const channels = [{ name: '#ops', key: null }];
    network = one(irc.inspircd.fast, channels, log);
    const rival = one(irc.inspircd.fast, channels, log);
    network.start();
    await expect.poll(network.connected).toBe(true);
    rival.start();
    const both = [network, rival];
    const waiting = () => both.filter((bot) => bot.problem()?.includes('a second bot') === true);
    await expect.poll(() => waiting().length).toBe(1);
    const [speaks] = both.filter((bot) => !waiting().includes(bot));
    const said = kills.length;
    await expect.poll(() => speaks?.connected() === true && speaks.client.user.nick === 'vigie').toBe(true);
    await sleep(3000);
    expect([kills.length, waiting().length]).toEqual([said, 1]);
    expect(said).toBeLessThanOrEqual(6);
    // Once the nick is free it is taken.
    const [waits] = waiting();
    await speaks?.stop();
    await expect.poll(() => waits?.connected() === true && waits.client.user.nick === 'vigie').toBe(true);
    await waits?.stop();
  });

  test('a server that takes connections and closes them', async () => {
    await up();
    proxy.turnAway(true);
    proxy.cut();
    const before = proxy.taken();
    await expect.poll(() => proxy.taken() - before).toBeGreaterThan(6);
    proxy.turnAway(false);
    await back();
  });

  test('nobody listens for a while', async () => {
    await up();
    await proxy.close();
    await sleep(2000);
    await proxy.open();
    await back();
  });

  test('bytes vanish both ways', async () => {
    await up();
    proxy.swallow(true);
    await expect.poll(network.connected).toBe(false);
    await sleep(blackSeconds * 1000);
    proxy.swallow(false);
    await back();
  }, 300_000);

  test('a channel has a key: with it vigie is let in, without it says what is missing', async () => {
    const boss: Person = await arrive({ port: irc.inspircd.fast, nick: 'boss', channels: ['#ops', '#locked'] });
    boss.raw('MODE #locked +k hunter2');
    open(proxy.port, [{ name: '#locked', key: null }]);
    await expect.poll(network.problem).toMatch(/not in #locked: .*key/i);
    await network.stop();
    open(proxy.port, [{ name: '#locked', key: 'hunter2' }]);
    await expect.poll(() => network.isIn('#locked')).toBe(true);
    await expect.poll(network.problem).toBeNull();
    await boss.quit();
  });

  test('its nick is held by somebody else: it comes under another, and takes it back', async () => {
    const thief = await arrive({ port: irc.inspircd.fast, nick: 'vigie' });
    open();
    await back();
    await thief.quit().catch(() => undefined);
  });

  test('it is renamed, and kicked', async () => {
    const boss: Person = await arrive({ port: irc.inspircd.fast, nick: 'boss', channels: ['#ops'] });
    await up();
    network.client.changeNick('somebody');
    await expect.poll(() => network.client.user.nick).toBe('somebody');
    await back();
    boss.raw('KICK #ops vigie :go');
    await expect.poll(() => network.isIn('#ops')).toBe(false);
    await back();
    await boss.quit();
  });

  test('where two have one nick the server gives it a number instead: it takes its own back', async () => {
    const boss: Person = await arrive({ port: irc.inspircd.fast, nick: 'boss', channels: ['#ops'] });
    await up();
    let number = 0;
    const nickNow = async (): Promise<string> => {
      number += 1;
      await network.send({ command: 'PRIVMSG', params: ['#ops', `word ${number}.`] }, { lane: 'answer', place: '' });
      return (await boss.hears(new RegExp(`word ${number}\\.`))).from;
    };
    network.client.raw('NICK 0');
    expect(await nickNow()).toMatch(/^\d/);
    await expect.poll(nickNow).toBe('vigie');
    await back();
    await boss.quit();
  });

  test('the server restarts, and its services', async () => {
    await up();
    await irc.inspircd.restart();
    await back();
    await irc.atheme.restart();
    await sleep(1500);
    await back();
  }, 60_000);

  test('services are away when it comes: it is nobody until they are back', async () => {
    await irc.atheme.stop();
    open();
    await expect.poll(network.connected).toBe(true);
    expect(network.identified()).toBe(false);
    await irc.atheme.start();
    await back();
  }, 60_000);

  test('a wrong password leaves it unidentified, and services are not hammered', async () => {
    network = openNetwork({
      name: 'test',
      link: { host: '127.0.0.1', port: proxy.port, tls: null },
      nick: 'vigie',
      serverPassword: null,
      login: { account: 'vigie', mechanism: 'PLAIN', password: 'not-it' },
      channels: [],
      version: 'test',
      pace: quickPace,
      log: () => {},
    });
    const before = proxy.taken();
    network.start();
    await expect.poll(network.connected).toBe(true);
    expect(network.identified()).toBe(false);
    await sleep(5000);
    expect(proxy.taken() - before).toBe(1);
  }, 60_000);
});

test('the shipped pace notices an outage within 45 s and pauses a minute at most', () => {
  expect(usualPace.silenceMs).toBeLessThanOrEqual(45_000);
  for (let failures = 0; failures < 50; failures += 1) expect(usualPace.pauseMs(failures)).toBeLessThanOrEqual(90_000);
});
