import { afterEach, describe, expect, test } from 'vitest';
import { type Network, openNetwork } from '../../adapters/irc/network.ts';
import type { NetworkOptions } from '../../adapters/irc/options.ts';
import { type Answering, answering, type Script } from '../irc/answering.ts';
import { quickPace } from '../irc/pace.ts';

/** A connection as networks ruin it that nobody has at hand. */
let server: Answering;
let network: Network;
let log: string[] = [];

afterEach(async () => {
  await network?.stop();
  server?.close();
});

const login = { account: 'vigie', mechanism: 'PLAIN', password: 'services-word' } as const;

async function open(script: Script, more: Partial<NetworkOptions> = {}): Promise<void> {
  log = [];
  server = await answering(script);
  network = openNetwork({
    name: 'test',
    link: { host: '127.0.0.1', port: server.port, tls: null },
    nick: 'vigie',
    serverPassword: null,
    login: null,
    channels: [{ name: '#ops', key: null }],
    version: 'test',
    rate: { burst: 1000, everyMs: 1 },
    pace: quickPace,
    log: (_level, facts, words) => void log.push(`${words} ${JSON.stringify(facts)}`),
    ...more,
  });
  network.start();
}

const logged = (what: RegExp) => log.filter((line) => what.test(line)).length;
const asked = (line: string) => server.lines.filter((one) => one === line).length;

describe('services without SASL', () => {
  let nicks = 'NickServ';
  const withoutSasl: Script = {
    caps: 'multi-prefix',
    answer: (line) => (line.startsWith('ISON') ? [`:s 303 vigie :${nicks}`] : null),
  };

  test('vigie comes again once for their sake, says why it is nobody, and stays', async () => {
    nicks = 'NickServ';
    await open(withoutSasl, { login });
    await expect.poll(() => logged(/offers no SASL/), { timeout: 20_000 }).toBe(1);
    const before = asked('ISON :NickServ');
    await expect.poll(() => asked('ISON :NickServ') - before, { timeout: 20_000 }).toBeGreaterThan(3);
    expect(server.taken()).toBe(2);
    expect(network.problem()).toBe('not logged in to services: the server offers no SASL');
    expect(logged(/offers no SASL/)).toBe(1);
  });

  test('it tries again when they were away, and when the server says that it has SASL now', async () => {
    nicks = 'NickServ';
    await open(withoutSasl, { login });
    await expect.poll(() => logged(/offers no SASL/), { timeout: 20_000 }).toBe(1);
    nicks = '';
    const before = asked('ISON :NickServ');
    await expect.poll(() => asked('ISON :NickServ') - before, { timeout: 20_000 }).toBeGreaterThan(1);
    nicks = 'NickServ';
    await expect.poll(() => server.taken(), { timeout: 20_000 }).toBe(3);
    await expect.poll(() => logged(/offers no SASL/), { timeout: 20_000 }).toBe(2);
    server.tell(':s CAP vigie NEW :sasl');
    await expect.poll(() => server.taken(), { timeout: 20_000 }).toBe(4);
  });
});

describe('what the server says against vigie is told to whoever can mend it', () => {
  test.each([
    ['a ban', [':s 465 * :You are banned: open proxy', 'ERROR :Closing Link'], /banned: open proxy/],
    ['a wrong server password', [':s 464 * :Password incorrect', 'ERROR :no'], /server_password/],
    ['a nick that it does not take', [':s 432 * vigie :Erroneous Nickname'], /nick vigie: Erroneous Nickname/],
    ['a flood', ['ERROR :Closing Link: vigie (Excess Flood)'], /Excess Flood/],
  ])('%s', async (_what, lines, reason) => {
    await open({ answer: (line) => (line === 'CAP END' ? lines : null) });
    await expect.poll(() => network.problem() ?? '').toMatch(reason);
    server.cut();
    await expect.poll(() => logged(/no connection/)).toBeGreaterThan(0);
    expect(log[0]).toMatch(reason);
  });

  test('a channel that does not let it in, once for each reason, until it is in', async () => {
    let reason = ':s 475 vigie #ops :Cannot join channel (+k)';
    await open({ answer: (line) => (line.startsWith('JOIN') && reason !== '' ? [reason] : null) });
    const tries = () => server.lines.filter((line) => line.startsWith('JOIN')).length;
    await expect.poll(tries, { timeout: 20_000 }).toBeGreaterThan(3);
    expect(logged(/not let into a channel.*\+k/)).toBe(1);
    expect(network.problem()).toBe('not in #ops: Cannot join channel (+k)');
    reason = ':s 477 vigie #ops :You need to identify';
    await expect.poll(() => network.problem()).toBe('not in #ops: You need to identify');
    reason = '';
    await expect.poll(() => network.problem()).toBeNull();
    expect(logged(/not let into a channel/)).toBe(2);
  });
});

test.each([
  ['with', login, 'multi-prefix sasl'],
  ['without', null, 'multi-prefix sasl'],
] as const)('the server’s password is said once, to the server, %s an account', async (_with, account, caps) => {
  await open({ caps }, { login: account, serverPassword: 'server-word' });
  await expect.poll(network.connected).toBe(true);
  await expect.poll(() => network.isIn('#ops')).toBe(true);
  const word = (text: string) => server.lines.filter((line) => line.includes(text));
  expect(word('server-word')).toEqual(['PASS server-word']);
  const sasl = server.lines.filter((line) => /^AUTHENTICATE :?[A-Za-z0-9+/=]{8,}/.test(line));
  const said = sasl.map((line) => Buffer.from(line.replace(/^AUTHENTICATE :?/, ''), 'base64').toString());
  expect(said).toEqual(account === null ? [] : ['vigie\0vigie\0services-word']);
});

test('a nick that is just not to be had (437) is no end: it comes under another', async () => {
  let free = false;
  await open({
    caps: 'multi-prefix',
    answer(line) {
      const [, nick = ''] = /^NICK :?(\S+)/.exec(line) ?? [];
      if (nick === 'vigie' && !free) return [':s 437 * vigie :Nick/channel is temporarily unavailable'];
      return null;
    },
  });
  await expect.poll(() => server.lines.some((line) => /^NICK :?vigie_$/.test(line))).toBe(true);
  free = true;
});

test('it says that it is a program where the server has a word for that', async () => {
  await open({ isupport: 'CHANTYPES=# BOT=B' });
  await expect.poll(() => server.lines.some((line) => /^MODE vigie :?\+B$/.test(line))).toBe(true);
});
