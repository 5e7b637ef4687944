import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from './fake/person.ts';
import type { Seen } from './fake/seen.ts';
import { type Ops, openOps } from './ops.ts';

describe('who should not, or should not so', () => {
  let ops: Ops;
  let bob: Person;
  let host: string;

  beforeAll(async () => {
    ops = await openOps('socket');
    bob = ops.slack.person('bob');
    host = await ops.stage.cloud.ownHost();
    await ops.stage.cloud.servers(1, host);
  }, 120_000);
  afterAll(() => ops?.close());

  const state = (job: string) => ops.stage.story.state(job);
  const votes = async () => (await ops.stage.traces()).votes;
  const told = (who: Person, what: RegExp, after: Seen) =>
    who.sees(after.channel, ({ ephemeral, text }) => ephemeral && what.test(text), { after });
  /** The newest thing in a channel: what is said from here on is after it. */
  const mark = (who: Person) => who.say('ops', 'well');

  test.each([
    ['who asked', 'alice', /somebody else must approve/],
    ['a guest', 'guest', /guests do not count/],
    ['somebody deactivated', 'gone', /deactivated/],
    ['a member of another workspace', 'alien', /another workspace/],
  ])('%s presses Approve: told why, and it counts for nothing', async (_who, name, why) => {
    const { job, card } = await ops.plan(`maintenance ${host}`);
    const before = await votes();
    const person = ops.slack.person(name);
    const after = mark(bob);
    expect(await person.click(card, 'Approve')).toBe('done');
    await told(person, why, after);
    person.react(card, '✅');
    await ops.slack.delivery.quiet();
    expect(await votes()).toBe(before);
    expect(await state(job)).toBe('awaiting');
    ops.slack.person('alice').say('ops', `!cancel ${job}`);
    expect(await ops.ended(job)).toBe('cancelled');
  });

  test('two presses at once are one vote, and an old screen is told what became of the plan', async () => {
    const { job, card } = await ops.plan(`maintenance ${host}`);
    const after = mark(bob);
    await Promise.all([bob.click(card, 'Deny'), bob.click(card, 'Deny')]);
    await told(bob, /denied/, after);
    expect(await ops.ended(job)).toBe('cancelled');
    expect(
      bob.reads('ops').filter(({ ephemeral, text, ts }) => ephemeral && ts > after.ts && text.includes(job)),
    ).toHaveLength(1);
    const later = mark(bob);
    await ops.slack.person('carol').click(card, 'Approve');
    await told(ops.slack.person('carol'), /is cancelled already/, later);
  });

  test('marks on other messages, of other kinds, by vigie itself, or on an old card are none', async () => {
    const { job, card, asked } = await ops.plan(`maintenance ${host}`);
    const before = await votes();
    bob.react(asked, '✅');
    bob.react(card, '👀');
    await ops.slack.delivery.quiet();
    expect([await votes(), await state(job)]).toEqual([before, 'awaiting']);
    ops.slack.person('alice').say('ops', `!cancel ${job}`);
    await ops.ended(job);
    bob.react(card, '✅');
    await ops.slack.delivery.quiet();
    expect([await votes(), await state(job)]).toEqual([before, 'cancelled']);
  });

  test('words that would ring everybody ring nobody, wherever they stand', async () => {
    const alice = ops.slack.person('alice');
    for (const line of [
      '!hosts <!channel>',
      '!jobs "<!channel>"',
      '!maintenance <!here>',
      '!help <!everyone>',
      '!job &lt;!channel&gt;',
    ]) {
      const said = alice.say('ops', line, { raw: line.startsWith('!job ') });
      await alice.sees('ops', ({ thread, from }) => thread === said.ts && from === 'vigie');
    }
    expect(ops.slack.pings.filter(({ whom }) => !whom.startsWith('^'))).toEqual([]);
  }, 60_000);

  test('a table of 5,000 rows is a summary, and a file in the thread', async () => {
    const rows = Array.from({ length: 5000 }, (_, n) => [`web-${n}`, '<!channel>']);
    const report = {
      title: 'servers',
      tone: 'plain' as const,
      blocks: [{ kind: 'table' as const, columns: ['name', 'tag'], rows }],
    };
    const asked = ops.slack.person('alice').say('ops', 'how many?');
    const place = { adapter: 'slack', id: `slack:${ops.slack.team}/${asked.channel}`, kind: 'channel' as const };
    await ops.adapter.post(place, report, { key: 'table', weight: 'answer', replyTo: asked.ts });
    const shared = await bob.sees('ops', ({ thread, files }) => thread === asked.ts && files.length > 0);
    expect(shared.files).toHaveLength(1);
    const content = [...ops.slack.workspace.files.values()].at(-1)?.content?.toString('utf8') ?? '';
    for (const name of ['web-0 ', 'web-2500 ', 'web-4999 ']) expect(content).toContain(name);
    expect(ops.slack.pings.filter(({ whom }) => !whom.startsWith('^'))).toEqual([]);
  });

  test('a channel that vigie was not invited to is told of in the log of its deliveries, and no other waits for it', async () => {
    const place = { adapter: 'slack', id: `slack:${ops.slack.team}/C0NOWHERE`, kind: 'channel' as const };
    const report = { title: 'x', tone: 'plain' as const, blocks: [] };
    await expect(ops.adapter.post(place, report, { key: 'nowhere', weight: 'news' })).rejects.toThrow(
      /invite it there/,
    );
  });
});
