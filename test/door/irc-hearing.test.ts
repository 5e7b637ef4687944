import { afterEach, describe, expect, test } from 'vitest';
import { createIrc, type IrcOptions } from '../../adapters/irc/irc.ts';
import type { Adapter, Message } from '../../src/chat/message.ts';
import { type Answering, answering, type Script } from '../irc/answering.ts';
import { quickPace } from '../irc/pace.ts';

/** What vigie makes of what a server tells it, where no real one can be brought to tell it. */
let server: Answering;
let irc: Adapter;
let heard: Message[] = [];

afterEach(async () => {
  await irc?.stop();
  server?.close();
});

const tagged = 'sasl account-tag server-time message-tags';

async function listening(script: Script, more: Partial<IrcOptions> = {}): Promise<void> {
  heard = [];
  server = await answering(script);
  irc = createIrc({
    name: 'test',
    link: { host: '127.0.0.1', port: server.port, tls: null },
    nick: 'vigie',
    serverPassword: null,
    login: { account: 'vigie', mechanism: 'PLAIN', password: 'x' },
    channels: [{ name: '#ops', key: null }],
    version: 'test',
    colours: false,
    prefix: '!',
    rate: { burst: 1000, everyMs: 1 },
    inbound: { burst: 1000, everyMs: 1 },
    pace: quickPace,
    log: () => {},
    ...more,
  });
  await irc.start(async (message) => void heard.push(message));
  await expect.poll(irc.connected).toBe(true);
  await expect.poll(() => server.lines.some((line) => line.startsWith('JOIN'))).toBe(true);
}

/** All before it was heard once this is. */
async function heardAll(): Promise<readonly Message[]> {
  server.tell('@account=end :end!e@h PRIVMSG #ops :!the end');
  await expect.poll(() => heard.at(-1)?.text).toBe('!the end');
  return heard.slice(0, -1);
}

const texts = (messages: readonly Message[]) => messages.map(({ text }) => text);
const accounts = (messages: readonly Message[]) => messages.map(({ from }) => from.account);
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

test('an account is written as it was registered, in small letters, whatever else the network folds', async () => {
  await listening({ caps: tagged, isupport: 'CASEMAPPING=rfc1459 CHANTYPES=#' });
  server.tell('@account=Foo[bar] :x!x@h PRIVMSG #ops :!one');
  expect(accounts(await heardAll())).toEqual(['irc:test/foo[bar]']);
});

test('a channel is the one that vigie was told to be in, however the server writes it', async () => {
  await listening(
    { caps: tagged, isupport: 'CASEMAPPING=rfc1459 CHANTYPES=# STATUSMSG=@+' },
    { channels: [{ name: '#Ops[1]', key: null }] },
  );
  server.tell('@account=a :x!x@h PRIVMSG #OPS{1} :!one', '@account=a :x!x@h PRIVMSG @#OPS{1} :!two');
  expect((await heardAll()).map(({ place }) => place.id)).toEqual(['irc:test/#ops[1]', 'irc:test/@#ops[1]']);
});

test('a mark that only the operators of a channel see is there, as their words are, and not in the channel', async () => {
  await listening({ caps: tagged, isupport: 'CASEMAPPING=ascii CHANTYPES=# STATUSMSG=@+' });
  const mark = '@account=a;+draft/react=✅;+draft/reply=m1 :x!x@h TAGMSG';
  server.tell(`${mark} @#OPS`, `${mark} #ops`);
  expect((await heardAll()).map(({ place }) => [place.kind, place.id])).toEqual([
    ['channel', 'irc:test/@#ops'],
    ['channel', 'irc:test/#ops'],
  ]);
});

test('one person is not heard more for taking many nicks, with an account or without', async () => {
  await listening({ caps: tagged }, { inbound: { burst: 8, everyMs: 3_600_000 } });
  for (let line = 0; line < 30; line += 1) {
    server.tell(`@account=alice :a${line % 6}!a@h PRIVMSG #ops :!with ${line}`);
    server.tell(`:b${line % 6}!b@h PRIVMSG #ops :!without ${line}`);
  }
  const all = texts(await heardAll());
  expect(all.filter((text) => text.startsWith('!without'))).toHaveLength(8);
  expect(all.filter((text) => text.startsWith('!with '))).toHaveLength(8);
  await expect.poll(() => server.lines.filter((line) => line.includes('too much at once'))).toHaveLength(2);
});

describe('the clock of this machine is not the server’s', () => {
  const ahead = 130_000;
  const behind = -600_000;
  const serverIs = (ms: number): Script => ({
    caps: tagged,
    answer: (line) =>
      line.startsWith('PING') ? [`@time=${ago(ms)} :s PONG s :${line.slice(5).replace(':', '')}`] : null,
  });

  test('two minutes ahead vigie is not deaf', async () => {
    await listening(serverIs(ahead));
    await expect.poll(() => server.lines.some((line) => line.startsWith('PING'))).toBe(true);
    server.tell(`@account=alice;time=${ago(ahead)} :x!x@h PRIVMSG #ops :!now`);
    expect(texts(await heardAll())).toEqual(['!now']);
  });

  test('ten minutes behind it takes nothing old for new', async () => {
    await listening(serverIs(behind));
    await expect.poll(() => server.lines.some((line) => line.startsWith('PING'))).toBe(true);
    server.tell(`@account=alice;time=${ago(behind + 300_000)} :x!x@h PRIVMSG #ops :!then`);
    server.tell(`@account=alice;time=${ago(behind)} :x!x@h PRIVMSG #ops :!now`);
    expect(texts(await heardAll())).toEqual(['!now']);
  });
});

test('what is told again is no order, with an account on it or not, in a history or outside of one', async () => {
  await listening({ caps: `${tagged} batch` });
  server.tell(
    `@account=alice;time=${ago(300_000)} :alice!a@h PRIVMSG #ops :!old`,
    ':s BATCH +1 chathistory #ops',
    `@batch=1;account=alice;time=${ago(0)} :alice!a@h PRIVMSG #ops :!batched`,
    ':s BATCH -1',
    `@account=alice;time=${ago(1000)} :alice!a@h PRIVMSG #ops :!new`,
  );
  expect(texts(await heardAll())).toEqual(['!new']);
});

test('what an old bouncer tells again, with the seconds since 1970 on it, is no order', async () => {
  await listening({ caps: tagged });
  const seconds = (ms: number) => Math.floor((Date.now() - ms) / 1000);
  server.tell(
    `@account=alice;time=${seconds(300_000)} :alice!a@h PRIVMSG #ops :!old`,
    `@account=alice;time=${seconds(1000)} :alice!a@h PRIVMSG #ops :!new`,
  );
  expect(texts(await heardAll())).toEqual(['!new']);
});

test('an action or another CTCP is no order, to the channel or to vigie alone', async () => {
  await listening({ caps: tagged });
  server.tell(
    '@account=alice :alice!a@h PRIVMSG #ops :\u0001ACTION !approve 1a2b\u0001',
    '@account=alice :alice!a@h PRIVMSG vigie :\u0001approve 1a2b\u0001',
    '@account=alice :alice!a@h PRIVMSG vigie :\u0001approve 1a2b',
  );
  expect(await heardAll()).toEqual([]);
});

test('a line of the server that nothing can be made of is logged, and the next one is heard', async () => {
  const logged: string[] = [];
  await listening({ caps: tagged }, { log: (_level, _facts, words) => void logged.push(words) });
  server.tell(':x!x@h NOTICE', '@account=alice :alice!a@h PRIVMSG #ops :!one');
  expect(texts(await heardAll())).toEqual(['!one']);
  expect(logged).toContain('a line of the server could not be taken');
});

test('where irc.yaml names no account for vigie nobody has one, whatever tags there are', async () => {
  await listening({ caps: tagged }, { login: null });
  server.tell('@account=alice :alice!a@h PRIVMSG #ops :!approve 1a2b');
  const [message] = await heardAll();
  expect(message?.from).toMatchObject({ account: null, why: expect.stringContaining('no accounts') });
});

describe('a server without account tags is asked who somebody is', () => {
  let held: (() => void) | null = null;
  const whois = (nick: string, ident: string, channels: string): string[] => [
    `:s 311 vigie ${nick} ${ident} h * :x`,
    `:s 319 vigie ${nick} :${channels}`,
    `:s 330 vigie ${nick} Alice :is logged in as`,
    `:s 318 vigie ${nick} :end`,
  ];

  async function asked(channels = '@#ops', ident = 'a'): Promise<void> {
    held = null;
    await listening({
      caps: 'sasl',
      answer(line) {
        const [, nick = ''] = /^WHOIS :?(\S+)/.exec(line) ?? [];
        if (nick === '') return null;
        held = () => server.tell(...whois(nick, ident, channels));
        return [];
      },
    });
  }

  /** One line in the channel, and what was made of it once the server answered. */
  async function said(between: readonly string[] = []): Promise<string | null | undefined> {
    server.tell(':alice!a@h PRIVMSG #ops :!approve 1a2b');
    await expect.poll(() => held).not.toBeNull();
    server.tell(...between);
    held?.();
    await expect.poll(() => heard.length).toBe(1);
    return heard[0]?.from.account;
  }

  test('somebody who is there is known by it', async () => {
    await asked();
    expect(await said()).toBe('irc:test/alice');
  });

  test.each([
    ['the nick is given up', [':alice!a@h NICK zed']],
    ['the nick is taken', [':mallory!a@h NICK alice']],
    ['who spoke leaves the network', [':alice!a@h QUIT :gone']],
    ['who spoke leaves the channel', [':alice!a@h PART #ops']],
    ['who spoke is kicked', [':op!o@h KICK #ops alice']],
    ['somebody comes under the nick', [':alice!a@h JOIN #ops']],
  ])('%s before the answer: nobody', async (_what, between) => {
    await asked();
    expect(await said(between)).toBeNull();
  });

  test('the answer is about somebody else: nobody', async () => {
    await asked('@#ops', 'other');
    expect(await said()).toBeNull();
  });

  test('the answer is about somebody who is not in the channel: nobody', async () => {
    await asked('#elsewhere');
    expect(await said()).toBeNull();
  });

  test('in a private word nobody, and nobody is asked', async () => {
    await asked();
    server.tell(':alice!a@h PRIVMSG vigie :approve 1a2b');
    await expect.poll(() => heard.length).toBe(1);
    expect(heard[0]?.from.account).toBeNull();
    expect(held).toBeNull();
  });
});
