import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { usualInbound } from '../../adapters/irc/inbound.ts';
import { createIrc, type IrcOptions } from '../../adapters/irc/irc.ts';
import type { Adapter, Message } from '../../src/chat/message.ts';
import { channel, ircOptions } from './ops.ts';
import { arrive, type Person } from './person.ts';
import { type accounts, type IrcServers, onDebian, startIrc } from './servers.ts';

let irc: IrcServers;
let vigie: Adapter;
let heard: Message[] = [];
const people: Person[] = [];

describe.runIf(onDebian)('whom vigie hears', () => {
  beforeAll(async () => {
    irc = await startIrc('inspircd');
  }, 180_000);
  afterEach(async () => {
    await Promise.all(people.splice(0).map((person) => person.quit()));
    await vigie?.stop();
  });
  afterAll(() => irc?.stop());

  async function listen(more: Partial<IrcOptions> = {}): Promise<void> {
    heard = [];
    vigie = createIrc({ ...ircOptions('test', irc.inspircd.fast, true), ...more });
    await vigie.start(async (message) => void heard.push(message));
    const owner = await come('owner');
    await expect
      .poll(async () => {
        owner.say(channel, '!here');
        await new Promise((resolve) => setTimeout(resolve, 200));
        return heard.length;
      })
      .toBeGreaterThan(0);
  }

  async function come(nick: string, account: keyof typeof accounts | null = null): Promise<Person> {
    const person = await arrive({ port: irc.inspircd.fast, nick, account, channels: [channel] });
    people.push(person);
    return person;
  }

  const of = (words: RegExp) => heard.filter(({ text }) => words.test(text));
  /** The account behind a line, once it was heard. */
  async function accountOf(words: string): Promise<string | null | undefined> {
    await expect.poll(() => of(new RegExp(words)).length).toBe(1);
    return of(new RegExp(words))[0]?.from.account;
  }

  test('somebody who says too much is told so once and not heard, under six nicks as under one', async () => {
    await listen({ inbound: usualInbound });
    const loud = [await come('alice', 'alice'), await come('nobody')];
    for (let line = 0; line < 30; line += 1)
      for (const [who, person] of loud.entries()) {
        if (line % 5 === 0) person.raw(`NICK nick${who}${line}`);
        person.say(channel, `!line ${line} of ${who}`);
      }
    for (const [who, person] of loud.entries()) {
      await person.hears(/too much at once/);
      expect(of(new RegExp(`of ${who}$`)).length).toBeLessThan(12);
      expect(person.heard.filter(({ text }) => text.startsWith(`nick${who}`) && /too much/.test(text))).toHaveLength(1);
    }
  });

  describe('where the server puts no accounts on what is said', () => {
    beforeAll(async () => {
      const boss = await arrive({ port: irc.inspircd.fast, nick: 'boss' });
      boss.raw('OPER test test-oper');
      boss.raw('UNLOADMODULE ircv3_accounttag');
      await boss.hears(({ kind }) => kind === 'notice', { ms: 2000 }).catch(() => undefined);
      await boss.quit();
    });

    test('somebody is known by what the server says when asked', async () => {
      await listen();
      const alice = await come('Anna', 'alice');
      alice.say(channel, '!as alice');
      expect(await accountOf('!as alice')).toBe('irc:test/alice');
      // A tag would have said it here, too; WHOIS says it of a nick, and that may be another's by now.
      alice.say('vigie', 'alone');
      expect(await accountOf('!alone')).toBeNull();
      alice.raw('PRIVMSG NickServ :LOGOUT');
      await alice.hears(/logged out/i);
      alice.say(channel, '!logged out');
      expect(await accountOf('!logged out')).toBeNull();
    });

    test('a nick taken from somebody is nobody, however quickly', async () => {
      await listen();
      const bob = await come('bob', 'bob');
      bob.say(channel, '!as bob');
      expect(await accountOf('!as bob')).toBe('irc:test/bob');
      const mallory = await come('mallory');
      bob.raw('NICK away');
      mallory.raw('NICK bob');
      mallory.say(channel, '!taken');
      expect(await accountOf('!taken')).toBeNull();
      expect(bob.nick).toBe('away');
    });

    test('a nick that changes hands while the server is asked is nobody', async () => {
      await listen();
      const carol = await come('carol', 'carol');
      const mallory = await come('mallory');
      // One write: the server has told vigie all of it before vigie’s question reaches it.
      mallory.raw(`PRIVMSG ${channel} :!moving\r\nNICK gone`);
      await expect.poll(() => mallory.nick).toBe('gone');
      carol.raw('NICK mallory');
      expect(await accountOf('!moving')).toBeNull();
      carol.say(channel, '!still carol');
      expect(await accountOf('!still carol')).toBe('irc:test/carol');
    });
  });
});
