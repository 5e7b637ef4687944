import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channel, enter, type Ops, openOps, patience } from './ops.ts';
import type { Person } from './person.ts';
import { type IrcServers, onDebian, startIrc } from './servers.ts';

let irc: IrcServers;
let ops: Ops;
let alice: Person;
let bob: Person;
let host: string;
let server: string;

describe.runIf(onDebian)('a night of operations, typed on IRC', () => {
  beforeAll(async () => {
    irc = await startIrc('inspircd');
    ops = await openOps({ networks: { test: { port: irc.inspircd.fast, services: true } } });
    host = await ops.stage.cloud.ownHost();
    const [first] = await ops.stage.cloud.servers(3, host);
    server = first?.id ?? '';
    alice = await enter(irc, 'alice', 'alice');
    bob = await enter(irc, 'Bobby', 'bob');
  }, 180_000);
  afterAll(async () => {
    await ops?.close();
    await irc?.stop();
  });

  test('a server is protected, and said so in a few lines', async () => {
    await alice.ask(channel, `!protect ${server} --reason "master database"`, /protected|cannot be deleted/i);
    await alice.ask(channel, '!protected', new RegExp(server.slice(0, 8)));
  });

  test('a host is emptied after a second person approved by a line', async () => {
    const { job } = await ops.plan(alice, `maintenance ${host} --reason fans`);
    const after = alice.heard.length;
    await bob.ask(channel, `vigie, approve ${job}`, /approved/);
    await alice.hears(new RegExp(`${host} is empty|is not empty`), { after, ms: patience });
    expect(await ops.ended(job)).toBe('done');
    const said = alice.heard.slice(after).filter(({ from }) => from === 'vigie');
    // A plan, a decision, an end: five lines each at most, and a line of progress now and then.
    expect(said.length).toBeLessThanOrEqual(20);
    expect(await ops.stage.cloud.on(host)).toEqual([]);
  }, 600_000);

  test('a mark on the card is a vote: one denies, another approves', async () => {
    const other = await ops.stage.cloud.ownHost();
    await ops.stage.cloud.servers(1, other);
    const { job, card } = await ops.plan(alice, `maintenance ${other}`);
    expect(card).not.toBe('');
    bob.react(channel, card, '❌');
    await ops.stage.story.until('the no', async () => (await ops.stage.story.state(job)) === 'cancelled');
    const again = await ops.plan(alice, `maintenance ${other}`);
    bob.react(channel, again.card, '✅');
    await ops.stage.story.until('the yes', async () => (await ops.stage.story.state(again.job)) !== 'awaiting');
    expect(await ops.ended(again.job)).toBe('done');
  }, 600_000);

  test('tokens are counted, and a long answer is a summary with the way to the rest', async () => {
    const after = alice.heard.length;
    await alice.ask(channel, '!tokens count', /token|Fernet/i, patience);
    await alice.hears(/more lines: !more|--/, { after });
    const said = alice.heard.slice(after).filter(({ from, target }) => from === 'vigie' && target === channel);
    expect(said.length).toBeLessThanOrEqual(6);
  });

  test('in private all of it is told', async () => {
    await alice.ask('vigie', 'help', /maintenance/);
  });

  test('a schedule is made and listed, and what it says when its time comes is told in the channel', async () => {
    const made = await alice.ask(channel, '!schedule add "0 7 * * *" hosts', /schedule [0-9a-f]{4}/);
    const [, id = ''] = /schedule ([0-9a-f]{4})/.exec(made.text) ?? [];
    await alice.ask(channel, '!schedule list', /hosts/);
    const asked = await alice.ask(channel, '!hosts', /host/i, patience);
    const after = bob.heard.length;
    const { rows } = ops.stage.story.database;
    await rows.updateTable('schedule').set({ next_at: new Date() }).where('id', '=', id).execute();
    const fired = await bob.hears(({ from, text }) => from === 'vigie' && text === asked.text, { after });
    expect(fired.target).toBe(channel);
    expect(fired.tags['+draft/reply'] ?? '').toBe('');
    await alice.ask(channel, `!schedule remove ${id}`, /removed|no more|gone/i);
  });

  test('answers say which message they answer', async () => {
    const said = await alice.ask(channel, '!whoami', /You are alice/);
    expect(said.tags['+draft/reply'] ?? '').not.toBe('');
  });
});
