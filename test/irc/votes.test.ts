import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channel, type Ops, openOps } from './ops.ts';
import { arrive, type Heard, type Person } from './person.ts';
import { type accounts, type IrcServers, onDebian, startIrc } from './servers.ts';

let irc: IrcServers;
let ops: Ops;
let alice: Person;
let bob: Person;
let carol: Person;

const policy = `
rules:
  - allow: [everyone]
    places: ['irc:test/#Ops', 'test:room']
approval:
  - risk: [disruptive]
    votes: 2
    call: ['irc:test/Bob', 'irc:test/carol']
`;

describe.runIf(onDebian)('two must say yes', () => {
  beforeAll(async () => {
    irc = await startIrc('inspircd');
    // Before vigie, who has to ask who is there; and first, so that the channel is hers.
    carol = await come('Caro', 'carol');
    ops = await openOps({ networks: { test: { port: irc.inspircd.fast, services: true } }, policy });
    await carol.ask(channel, '!whoami', /You are carol/);
    bob = await come('Bobby', 'bob');
    alice = await come('alice', 'alice');
  }, 180_000);
  afterAll(async () => {
    await ops?.close();
    await irc?.stop();
  });

  const come = (nick: string, account: keyof typeof accounts) =>
    arrive({ port: irc.inspircd.fast, nick, account, channels: [channel] });

  async function asked(): Promise<{ job: string; card: readonly Heard[] }> {
    const host = await ops.stage.cloud.ownHost();
    await ops.stage.cloud.servers(1, host);
    const after = bob.heard.length;
    const { job } = await ops.plan(alice, `maintenance ${host}`);
    const card = bob.heard.slice(after).filter(({ from }) => from === 'vigie');
    return { job, card };
  }

  const yes = async (job: string) => {
    const votes = await ops.stage.story.database.rows
      .selectFrom('vote')
      .select('human')
      .where('job', '=', job)
      .where('choice', '=', 'yes')
      .execute();
    return votes.map(({ human }) => human).join();
  };

  test('whom the policy names is called by the nick they have, though they never spoke', async () => {
    const { card } = await asked();
    expect(card.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^Bobby, Caro: /));
    bob.raw('NICK Robert');
    await expect.poll(() => bob.nick).toBe('Robert');
    const again = await asked();
    expect(again.card.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^Robert, Caro: /));
  });

  test('a mark on any line of the card is a yes, and taken away it is none', async () => {
    const { job, card } = await asked();
    const second = card.find(({ text }) => text.includes('say '))?.msgid ?? '';
    expect(second).not.toBe(card[0]?.msgid);
    bob.react(channel, second, '✅');
    await ops.stage.story.until('the first yes', async () => (await yes(job)) === 'bob');
    bob.react(channel, second, '✅', 'gone');
    await ops.stage.story.until('none', async () => (await yes(job)) === '');
    await carol.ask(channel, `!approve ${job}`, /approv/);
    await ops.stage.story.until('one', async () => (await yes(job)) === 'carol');
    expect(await ops.stage.story.state(job)).toBe('awaiting');
    bob.react(channel, second, '👍');
    expect(await ops.ended(job)).toBe('done');
  });

  test('what is said to the channel’s operators alone is answered to them, by the channel’s rules', async () => {
    carol.raw(`MODE ${channel} +oo vigie Robert`);
    await expect
      .poll(() =>
        bob.ask(`@${channel}`, '!whoami', /You are bob/, 1000).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    const { job } = await asked();
    await bob.ask(`@${channel}`, `!approve ${job}`, /approved|1 of 2/);
    await ops.stage.story.until('the yes', async () => (await yes(job)) === 'bob');
    await carol.ask(channel, '!whoami', /You are carol/);
    expect(alice.heard.filter(({ text }) => /You are bob/.test(text))).toEqual([]);
    expect(carol.heard.filter(({ text }) => /You are bob/.test(text)).length).toBeGreaterThan(0);
  });
});
