import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from './fake/person.ts';
import type { Seen } from './fake/seen.ts';
import { answers, type Mode, type Ops, openOps } from './ops.ts';

describe.each<Mode>(['socket', 'http'])('a night of operations on Slack, %s', (mode) => {
  let ops: Ops;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let host: string;
  let server: string;
  const used: string[] = [];

  beforeAll(async () => {
    ops = await openOps(mode);
    [alice, bob, carol] = [ops.slack.person('alice'), ops.slack.person('bob'), ops.slack.person('carol')];
    host = await freeHost();
    const [first] = await ops.stage.cloud.servers(3, host);
    server = first?.id ?? '';
  }, 120_000);
  afterAll(() => ops?.close());

  /** An empty host; the ones before take servers again, so that there is room. */
  const freeHost = async () => {
    for (const emptied of used.splice(0)) await ops.stage.cloud.enable(emptied);
    const found = await ops.stage.cloud.ownHost();
    used.push(found);
    return found;
  };
  const state = (job: string) => ops.stage.story.state(job);
  /** What the channel shows to who opens no thread. */
  const inChannel = (job: string, what: RegExp) =>
    ops.slack.workspace.channels
      .get([...ops.slack.workspace.channels.values()].find(({ name }) => name === 'ops')?.id ?? '')
      ?.messages.filter(({ thread, subtype }) => thread === undefined || subtype === 'thread_broadcast')
      .map(({ ts, channel }) => ops.now({ ts, channel }).text)
      .filter((text) => text.includes(job) && what.test(text));
  const votes = ({ buttons }: Seen) => buttons.filter((label) => /Approve|Deny/.test(label));

  test('a host is emptied: the card in the thread and in the approval place, three lines for the channel', async () => {
    const { job, card } = await ops.plan(`maintenance ${host} --reason fans`);
    const other = await bob.sees('approve', new RegExp(`^${job} ·`, 'm'));
    expect(votes(other)).toEqual(['Approve', 'Deny']);
    expect(await bob.click(other, 'Approve')).toBe('done');
    await bob.sees('approve', ({ ephemeral, text }) => ephemeral && text.includes(`${job} approved by bob`));
    expect(await ops.ended(job)).toBe('done');
    for (const surface of [card, other].map(ops.now)) {
      expect(surface.text).toContain(`${host} is empty`);
      expect(votes(surface)).toEqual([]);
    }
    for (const line of [/waits for approval/, /: started/, / is empty/]) expect(inChannel(job, line)).toHaveLength(1);
    expect(ops.all('approve').filter(({ ephemeral }) => !ephemeral)).toHaveLength(1);
    // On call once in each of the two places.
    expect(ops.slack.pings.map(({ whom }) => whom[0])).toEqual(['^', '^']);
    expect(new Set(ops.slack.pings.map(({ channel }) => channel)).size).toBe(2);
    expect(await ops.stage.cloud.on(host)).toEqual([]);
  }, 120_000);

  test('marks are votes: one denies, another approves', async () => {
    const { job, card } = await ops.plan(`maintenance ${await freeHost()}`);
    bob.react(card, '❌');
    await ops.stage.story.until('the no', async () => (await state(job)) === 'cancelled');
    const again = await ops.plan(`maintenance ${await freeHost()}`);
    bob.react(again.card, '👍');
    await ops.stage.story.until('the yes', async () => (await state(again.job)) !== 'awaiting');
    expect(await ops.ended(again.job)).toBe('done');
  }, 120_000);

  test('a mark that is taken away before the job begins takes the yes along', async () => {
    const { job, card } = await ops.plan(`disable ${await freeHost()} --reason fans`);
    const votesFor = ops.stage.story.database.rows.selectFrom('vote').select('human').where('job', '=', job);
    const yes = async () => (await votesFor.execute()).map(({ human }) => human);
    bob.react(card, '✅');
    await ops.stage.story.until('the first yes', async () => (await yes()).join() === 'bob');
    bob.unreact(card, '✅');
    await ops.stage.story.until('none', async () => (await yes()).length === 0);
    expect(await carol.click(card, 'Approve')).toBe('done');
    await ops.stage.story.until('one again', async () => (await yes()).join() === 'carol');
    expect(await state(job)).toBe('awaiting');
    bob.react(card, '👍');
    expect(await ops.ended(job)).toBe('done');
  }, 60_000);

  test('what is scheduled comes into the channel as it would to who asks', async () => {
    const asked = alice.say('ops', '!schedule add "0 7 * * *" hosts');
    const answer = await alice.sees('ops', answers(asked, /schedule [0-9a-f]{4}/));
    const [, id = ''] = /schedule ([0-9a-f]{4})/.exec(answer.text) ?? [];
    const { rows } = ops.stage.story.database;
    const before = alice.say('ops', '!hosts');
    const shown = await alice.sees('ops', ({ thread, from }) => thread === before.ts && from === 'vigie');
    await rows.updateTable('schedule').set({ next_at: new Date() }).where('id', '=', id).execute();
    const fired = await alice.sees('ops', ({ thread, from }) => thread === undefined && from === 'vigie', {
      after: before,
      ms: 30_000,
    });
    const kinds = (message: Seen) => message.blocks.map(({ type }) => type);
    expect(kinds(fired)).toEqual(kinds(shown));
    alice.say('ops', `!schedule remove ${id}`);
  }, 60_000);

  test('a mention and its message are one line; the slash command and a direct message say the same', async () => {
    const mention = carol.mention('ops', 'whoami');
    await carol.sees('ops', answers(mention, /You are carol/));
    await ops.slack.delivery.quiet();
    expect(carol.reads('ops').filter(answers(mention, /You are carol/))).toHaveLength(1);
    expect(await carol.slash('/vigie', 'whoami', 'ops')).toBe('done');
    await carol.sees(
      'ops',
      ({ ephemeral, thread, text }) => ephemeral && thread === undefined && /You are carol/.test(text),
    );
    carol.dm('whoami');
    const first = await carol.sees('dm', /You are carol/);
    expect(await carol.slash('/vigie', 'whoami', 'dm')).toBe('done');
    await carol.sees('dm', /You are carol/, { after: first });
    expect(carol.readsDm().filter(({ text }) => /not in this channel/.test(text))).toEqual([]);
  });

  test('where vigie is not in the channel the slash command is answered between the two of them', async () => {
    ops.slack.channel('elsewhere', { invited: false });
    expect(await alice.slash('/vigie', 'whoami bot', 'elsewhere')).toBe('done');
    const said = await alice.sees('dm', /environment/);
    expect(said.text).toContain('connected');
    await alice.sees('elsewhere', /direct messages/);
  });

  test('asked elsewhere, approved here; asked here, approved elsewhere', async () => {
    const { story } = ops.stage;
    const key = await story.mutter('alice', `!maintenance ${await freeHost()}`);
    const elsewhere = await story.jobOf(key);
    await bob.click(await bob.sees('approve', new RegExp(`^${elsewhere} ·`, 'm')), 'Approve');
    expect(await ops.ended(elsewhere)).toBe('done');
    const { job, card } = await ops.plan(`maintenance ${await freeHost()}`);
    await story.mutter('bob', `!approve ${job}`);
    expect(await ops.ended(job)).toBe('done');
    expect(ops.now(card).text).toContain('approved by bob');
  }, 60_000);

  test('a yes that must be typed is no button', async () => {
    alice.say('ops', `!protect ${server} --reason "master database"`, { smart: true });
    await alice.sees('ops', /protected|cannot be deleted/i);
    const { job, card } = await ops.plan(`unprotect ${server}`);
    expect(votes(card)).toEqual(['Deny']);
    const [, code = ''] = new RegExp(`approve ${job} (\\S+)`).exec(card.text) ?? [];
    const bare = bob.say('ops', `!approve ${job}`);
    await bob.sees('ops', answers(bare, /wants this yes typed/));
    const wrong = bob.say('ops', `!approve ${job} zzzz`);
    const refusal = await bob.sees('ops', answers(wrong, /not the code of this plan: the code is on the card/));
    expect(refusal.text).not.toContain(code);
    bob.react(card, '✅');
    await bob.sees('ops', ({ ephemeral, thread, text }) => ephemeral && thread === undefined && /typed/.test(text));
    expect(await state(job)).toBe('awaiting');
    bob.say('ops', `!approve ${job} ${code}`);
    expect(await ops.ended(job)).toBe('done');
  }, 60_000);

  test('the home shows what waits for whom', async () => {
    const { job } = await ops.plan(`maintenance ${await freeHost()}`);
    bob.opensHome();
    const home = () => JSON.stringify(bob.home() ?? {});
    await ops.stage.story.until('the home', () => home().includes(job));
    expect(home()).toMatch(/\d plans? waits? for you/);
    expect(await bob.clickHome(`Deny ${job}`)).toBe('done');
    await bob.sees('dm', new RegExp(`${job} denied: nothing was touched`));
    await ops.stage.story.until('the home as it is by then', () => /nothing waits for you/.test(home()));
    expect(await ops.ended(job)).toBe('cancelled');
  }, 60_000);
});
