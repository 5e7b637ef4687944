import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIrc } from '../../adapters/irc/irc.ts';
import { type Place, PlaceRefused } from '../../src/chat/message.ts';
import { say } from '../../src/chat/report.ts';
import { channel, enter, ircOptions, type Ops, openOps } from './ops.ts';
import { arrive, type Person } from './person.ts';
import { accounts, type IrcServers, onDebian, startIrc } from './servers.ts';

let irc: IrcServers;
let ops: Ops;
let alice: Person;
let carol: Person;
let plan: { job: string; card: string };

describe.runIf(onDebian)('nobody votes or orders under another name', () => {
  beforeAll(async () => {
    irc = await startIrc('inspircd', 'ngircd', 'hybrid');
    ops = await openOps({
      networks: {
        test: { port: irc.inspircd.fast, services: true },
        bare: { port: irc.ngircd.port, services: false },
        strict: { port: irc.hybrid.port, services: false },
      },
    });
    const host = await ops.stage.cloud.ownHost();
    await ops.stage.cloud.servers(2, host);
    alice = await enter(irc, 'alice', 'alice');
    carol = await enter(irc, 'carol', 'carol');
    plan = await ops.plan(alice, `maintenance ${host}`);
  }, 180_000);
  afterAll(async () => {
    await ops?.close();
    await irc?.stop();
  });

  const refused = /vouches|services do not know you|no account|knows nobody|nobody can approve|takes nobody/;

  /** Tries, waits until everything before was surely heard, and looks whether anything came of it. */
  async function inVain(attempt: () => Promise<void>): Promise<void> {
    const before = await ops.traces();
    await attempt();
    await carol.ask(channel, '!whoami', /You are carol/);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await ops.traces()).toBe(before);
    expect(await ops.stage.story.state(plan.job)).toBe('awaiting');
  }

  /** Somebody without an account, under a nick of their choice. */
  async function stranger(nick: string, work: (person: Person) => Promise<void>): Promise<void> {
    const person = await arrive({ port: irc.inspircd.fast, nick, channels: [channel] });
    await inVain(() => work(person)).finally(() => person.quit());
  }

  async function withBob(work: (bob: Person) => Promise<void>): Promise<void> {
    const bob = await arrive({ port: irc.inspircd.fast, nick: 'bob', account: 'bob', channels: [channel] });
    await inVain(() => work(bob)).finally(() => bob.quit());
  }

  const approve = () => `!approve ${plan.job}`;

  test('a stranger is refused and told what to do', () =>
    stranger('mallory', async (mallory) => {
      expect((await mallory.ask(channel, approve(), refused)).text).toContain('NickServ');
    }));
  test('whoami tells a stranger that there is no account and how to get one', () =>
    stranger('mallory', async (mallory) => {
      await mallory.ask(channel, '!whoami', /IDENTIFY/);
    }));
  test('the nick of somebody who is not there', () =>
    stranger('bob', async (mallory) => {
      await mallory.ask(channel, approve(), refused);
    }));
  test('the nick of somebody who is there, in other letters', async () => {
    alice.raw('NICK away');
    await expect.poll(() => alice.nick).toBe('away');
    await stranger('ALICE', async (mallory) => {
      await mallory.ask(channel, `!protect ${plan.job}`, refused);
    });
    alice.raw('NICK alice');
    await expect.poll(() => alice.nick).toBe('alice');
  });
  test('a nick taken in mid-session', () =>
    stranger('mallory', async (mallory) => {
      mallory.raw('NICK bob');
      await mallory.ask(channel, approve(), refused);
    }));
  test('a nick taken from somebody who just left', async () => {
    const bob = await arrive({ port: irc.inspircd.fast, nick: 'bob', account: 'bob', channels: [channel] });
    await bob.ask(channel, '!whoami', /You are bob/);
    await bob.quit();
    await stranger('mallory', async (mallory) => {
      mallory.raw('NICK bob');
      await mallory.ask(channel, approve(), refused);
    });
  });
  test.each(['account=bob', 'account=bob;msgid=abc', 'time=2001-01-01T00:00:00.000Z;account=bob', '+account=bob'])(
    'a forged tag: %s',
    (tags) =>
      stranger('mallory', async (mallory) => {
        const after = mallory.heard.length;
        mallory.raw(`@${tags} PRIVMSG ${channel} :${approve()}`);
        await mallory.hears(refused, { after });
      }),
  );
  test('a private word under a taken nick', () =>
    stranger('bob', async (mallory) => {
      await mallory.ask('vigie', `approve ${plan.job}`, refused);
    }));
  test('spoken to by nick, and in bold', () =>
    stranger('mallory', async (mallory) => {
      await mallory.ask(channel, `vigie: approve ${plan.job}`, refused);
      await mallory.ask(channel, `\u0002!approve\u000f \u000304${plan.job}`, refused);
    }));
  test('a quoted line, a notice, an action and CTCP are no lines, whoever says them', () =>
    withBob(async (bob) => {
      bob.say(channel, `<carol> ${approve()}`);
      bob.raw(`NOTICE ${channel} :${approve()}`);
      bob.raw(`PRIVMSG ${channel} :\u0001ACTION ${approve()}\u0001`);
      bob.raw(`PRIVMSG vigie :\u0001APPROVE ${plan.job}\u0001`);
      bob.raw(`NOTICE vigie :${approve()}`);
    }));
  test('a mark on the card from somebody without an account', () =>
    stranger('bob', async (mallory) => {
      mallory.react(channel, plan.card, '✅');
      mallory.raw(`@account=bob;+draft/react=✅;+draft/reply=${plan.card} TAGMSG ${channel}`);
    }));
  test('a mark on something that is not the card', () =>
    withBob(async (bob) => {
      const said = await bob.ask(channel, '!whoami', /You are bob/);
      bob.react(channel, said.msgid ?? '', '✅');
      bob.react(channel, `${plan.card}x`, '✅');
    }));
  test('a mark on the card given in private, and other marks', () =>
    withBob(async (bob) => {
      bob.react('vigie', plan.card, '✅');
      bob.react(channel, plan.card, '🎉');
    }));
  test('logged out before the vote, by line and by mark', () =>
    withBob(async (bob) => {
      await bob.ask(channel, '!whoami', /You are bob/);
      bob.raw('PRIVMSG NickServ :LOGOUT');
      await bob.hears(/logged out/i);
      await bob.ask(channel, approve(), refused);
      bob.react(channel, plan.card, '✅');
    }));
  test('an account under its new name is nobody', () =>
    withBob(async (bob) => {
      bob.raw('NICK bobby');
      bob.raw('PRIVMSG NickServ :GROUP');
      await bob.hears(/now registered to your account|already registered/i);
      bob.raw('PRIVMSG NickServ :SET ACCOUNTNAME bobby');
      await bob.hears(/account name is now set/i);
      try {
        await bob.ask(channel, approve(), /gives the account irc:test\/bobby to nobody/);
      } finally {
        bob.raw('PRIVMSG NickServ :SET ACCOUNTNAME bob');
        await bob.hears(/account name is now set to \W*bob\W*$/i);
      }
    }));
  test('who asked does not approve, whatever nick and letters', async () => {
    const again = await arrive({ port: irc.inspircd.fast, nick: 'zed', channels: [channel] });
    again.raw(`PRIVMSG NickServ :IDENTIFY ALICE ${accounts.alice}`);
    await again.hears(/now identified/i);
    await inVain(async () => {
      await again.ask(channel, approve(), /alice|you asked|requester|another person/i);
      again.react(channel, plan.card, '✅');
    });
    await again.quit();
  });
  test('what the channel tells of its past is no order', () =>
    withBob(async (bob) => {
      const there = (): Promise<boolean> =>
        bob.ask(channel, '!whoami', /You are bob/, 500).then(
          () => true,
          () => false,
        );
      const owner = await arrive({ port: irc.inspircd.fast, nick: 'owner', channels: [channel] });
      owner.raw('OPER test test-oper');
      for (const order of [
        `SAMODE ${channel} +Ho 50:3600 owner`,
        `SAMODE ${channel} +b vigie!*@*`,
        `KICK ${channel} vigie`,
      ])
        owner.raw(order);
      await expect.poll(there).toBe(false);
      bob.say(channel, approve());
      bob.say(channel, '!whoami');
      const late = await arrive({ port: irc.inspircd.fast, nick: 'late', channels: [channel] });
      await late.hears(({ from, text }) => from === 'bob' && text === approve());
      await late.quit();
      const after = bob.heard.length;
      owner.raw(`SAMODE ${channel} -b vigie!*@*`);
      await bob.hears(/You are bob/, { after, ms: 100 }).catch(() => undefined);
      await expect.poll(there).toBe(true);
      // Heard, all of it would have been answered: to somebody of no account, for a history has no account tags.
      const answers = bob.heard.slice(after).filter(({ from, text }) => from === 'vigie' && refused.test(text));
      expect(answers).toEqual([]);
      owner.raw(`SAMODE ${channel} -H`);
      await owner.quit();
    }));
  test('a guest under a taken nick does not read on in a private conversation', async () => {
    await alice.ask('vigie', `job ${plan.job}`, /maintenance|Drain|cmp/i);
    alice.raw('NICK away');
    await stranger('alice', async (mallory) => {
      await mallory.ask('vigie', 'more', /nothing was shown/);
    });
    alice.raw('NICK alice');
  });
  test('who takes a nick in the middle of a private report does not read on', async () => {
    const vigie = createIrc({
      ...ircOptions('slow', irc.inspircd.fast, true),
      nick: 'vigie2',
      rate: { burst: 2, everyMs: 50 },
    });
    await vigie.start(async () => {});
    await expect.poll(() => vigie.connected()).toBe(true);
    const bob = await arrive({ port: irc.inspircd.fast, nick: 'bob', account: 'bob', channels: [channel] });
    const rows = Array.from({ length: 100 }, (_, row) => [`secret-${row}`, 'x']);
    const report = { ...say('secrets'), blocks: [{ kind: 'table' as const, columns: ['a', 'b'], rows }] };
    const place: Place = { adapter: 'irc', id: `irc:slow/${channel}`, kind: 'channel' };
    const post = () => vigie.post(place, report, { key: 'secrets', weight: 'answer', to: 'irc:slow/bob' });
    const told = post().catch((error: unknown) => error);
    await bob.hears(/secret-5 /);
    await bob.quit();
    const mallory = await arrive({ port: irc.inspircd.fast, nick: 'bob', channels: [channel] });
    expect(await told).toMatchObject({ message: expect.stringContaining('somebody else') });
    await expect(post()).rejects.toThrow(PlaceRefused);
    await carol.ask(channel, '!whoami', /You are carol/);
    // What was on its way when bob left cannot be called back.
    expect(mallory.heard.filter(({ from }) => from === 'vigie2').length).toBeLessThan(4);
    await mallory.quit();
    await vigie.stop();
  });
  test.each([
    ['bare', 'ngircd'],
    ['strict', 'hybrid'],
  ] as const)('where there are no accounts nobody votes: %s', async (_network, name) => {
    const bob = await arrive({ port: irc[name].port, nick: 'bob', channels: [channel] });
    await inVain(async () => {
      await bob.ask(channel, approve(), /no accounts/);
      await bob.ask(channel, '!whoami', /no accounts|knows nobody/);
      await bob.ask('vigie', `approve ${plan.job}`, /no accounts/);
    });
    await bob.quit();
  });
  test('services are away: who comes meanwhile is nobody', async () => {
    await irc.atheme.stop();
    await stranger('bob', async (mallory) => {
      await mallory.ask(channel, approve(), refused);
    });
    await irc.atheme.start();
  });
  test('and after all that the second person still approves, by a mark', async () => {
    const bob = await arrive({ port: irc.inspircd.fast, nick: 'nightshift' });
    await expect
      .poll(
        async () => {
          bob.raw(`PRIVMSG NickServ :IDENTIFY bob ${accounts.bob}`);
          return bob.hears(/now identified|already logged in/i, { ms: 500 }).then(
            () => true,
            () => false,
          );
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    bob.raw(`JOIN ${channel}`);
    await bob.ask(channel, '!whoami', /You are bob/);
    bob.react(channel, plan.card, '👍');
    await ops.stage.story.until('the vote', async () => (await ops.stage.story.state(plan.job)) !== 'awaiting');
    await bob.quit();
  });
});
