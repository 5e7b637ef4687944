import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../src/chat/report.ts';
import type { Person } from './fake/person.ts';
import type { Seen } from './fake/seen.ts';
import { answers, type Ops, openOps } from './ops.ts';

let ops: Ops;
let alice: Person;
let bob: Person;
let carol: Person;
let host: string;

beforeAll(async () => {
  ops = await openOps('socket');
  [alice, bob, carol] = [ops.slack.person('alice'), ops.slack.person('bob'), ops.slack.person('carol')];
  ops.slack.person('dora');
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
const loud = () => ops.slack.pings.filter(({ whom }) => !whom.startsWith('^'));

async function cancel(job: string): Promise<void> {
  alice.say('ops', `!cancel ${job}`);
  expect(await ops.ended(job)).toBe('cancelled');
}

describe('who has no vote', () => {
  let job: string;
  let card: Seen;
  let before: number;

  beforeAll(async () => {
    ({ job, card } = await ops.plan(`maintenance ${host}`));
  }, 60_000);
  beforeEach(async () => {
    before = await votes();
  });
  afterAll(() => cancel(job));

  async function countsForNothing(): Promise<void> {
    await ops.slack.delivery.quiet();
    expect([await votes(), await state(job)]).toEqual([before, 'awaiting']);
  }

  const nobodies: [string, string, RegExp][] = [
    ['who asked', 'alice', /somebody else must approve/],
    ['a guest', 'guest', /guests do not count/],
    ['somebody deactivated', 'gone', /deactivated/],
    ['a member of another workspace', 'alien', /another workspace/],
    ['somebody the policy does not name', 'dora', /to nobody/],
  ];

  test.each(nobodies)('%s presses Approve: told why, and it counts for nothing', async (_who, name, why) => {
    const after = mark(bob);
    expect(await ops.slack.person(name).click(card, 'Approve')).toBe('done');
    await told(ops.slack.person(name), why, after);
    await countsForNothing();
  });

  test.each(nobodies)('%s marks the card with ✅: it counts for nothing', async (_who, name) => {
    ops.slack.person(name).react(card, '✅');
    await countsForNothing();
  });

  test.each(nobodies)('%s types approve: told why, and it counts for nothing', async (_who, name, why) => {
    const line = ops.slack.person(name).say('ops', `!approve ${job}`);
    await ops.slack.person(name).sees('ops', answers(line, why));
    await countsForNothing();
  });

  test('vigie marks its own card: it counts for nothing', async () => {
    const item = { type: 'message', channel: card.channel, ts: card.ts };
    const event = { type: 'reaction_added', user: ops.slack.botUser, reaction: '+1', item };
    ops.slack.delivery.event({ ...event, item_user: ops.slack.botUser, event_ts: ops.slack.workspace.clock.ts() });
    await countsForNothing();
  });

  test('a mark of another kind counts for nothing', async () => {
    bob.react(card, '👀');
    await countsForNothing();
  });
});

describe('votes at the wrong moment', () => {
  test('two presses at once are one vote', async () => {
    const { job, card } = await ops.plan(`maintenance ${host}`);
    const after = mark(bob);
    await Promise.all([bob.click(card, 'Deny'), bob.click(card, 'Deny')]);
    await told(bob, /denied/, after);
    expect(await ops.ended(job)).toBe('cancelled');
    const heard = bob
      .reads('ops')
      .filter(({ ephemeral, text, ts }) => ephemeral && ts > after.ts && text.includes(job));
    expect(heard).toHaveLength(1);
    const later = mark(bob);
    await carol.click(card, 'Approve');
    await told(carol, /is cancelled already/, later);
  });

  test('a no and a yes at the same moment: one decides, the other is told what became of the plan', async () => {
    const { job, card } = await ops.plan(`maintenance ${host}`);
    const after = mark(bob);
    await Promise.all([bob.click(card, 'Deny'), carol.click(card, 'Approve')]);
    await told(bob, /denied|already|decided/, after);
    await told(carol, /approved|already|decided/, after);
    expect(['cancelled', 'done']).toContain(await ops.ended(job));
    await ops.stage.cloud.enable(host);
  }, 60_000);

  test('marks on the question, and on a card whose plan is over, are none', async () => {
    const { job, card, asked } = await ops.plan(`maintenance ${host}`);
    const before = await votes();
    bob.react(asked, '✅');
    await ops.slack.delivery.quiet();
    expect([await votes(), await state(job)]).toEqual([before, 'awaiting']);
    await cancel(job);
    bob.react(card, '✅');
    await ops.slack.delivery.quiet();
    expect([await votes(), await state(job)]).toEqual([before, 'cancelled']);
  });

  test('a press and a mark on a card whose time is over: the person hears so', async () => {
    const { job, card } = await ops.plan(`maintenance ${host}`);
    const { rows } = ops.stage.story.database;
    await rows
      .updateTable('job')
      .set({ until: new Date(0) })
      .where('id', '=', job)
      .execute();
    await ops.stage.story.until('the plan to expire', async () => (await state(job)) === 'expired');
    const after = mark(bob);
    carol.react(card, '✅');
    expect(await bob.click(card, 'Approve')).toBe('done');
    await told(bob, /expired/, after);
    await ops.slack.delivery.quiet();
    expect(await state(job)).toBe('expired');
  }, 60_000);

  test('a mark and a press on the card of a plan that changed say nothing of the new one', async () => {
    const asks = await ops.stage.cloud.ownHost();
    await ops.stage.cloud.servers(1, asks);
    const { job, card } = await ops.plan(`maintenance ${asks}`);
    await ops.stage.cloud.servers(1, asks);
    await bob.click(card, 'Approve');
    await ops.stage.story.until('the plan to be stale', async () => (await state(job)) === 'stale', 30_000);
    const { successor } = await ops.stage.story.database.rows
      .selectFrom('job')
      .select('successor')
      .where('id', '=', job)
      .executeTakeFirstOrThrow();
    await ops.stage.story.until('the new plan', async () => (await state(successor ?? '')) === 'awaiting', 30_000);
    const after = mark(bob);
    carol.react(card, '✅');
    await carol.click(card, 'Approve');
    await told(carol, new RegExp(`${job}.*(stale|changed|${successor})`), after);
    await ops.slack.delivery.quiet();
    expect(await state(successor ?? '')).toBe('awaiting');
    await cancel(successor ?? '');
  }, 90_000);
});

describe('buttons nobody knows any more', () => {
  const place = () => ({
    adapter: 'slack',
    id: `slack:${ops.slack.team}/${mark(bob).channel}`,
    kind: 'channel' as const,
  });
  async function old(line: string): Promise<Seen> {
    const report: Report = { title: 'an old card', tone: 'plain', blocks: [], replies: [{ label: 'Old', line }] };
    const { handle } = await ops.adapter.post(place(), report, { key: `old:${line}`, weight: 'news' });
    return bob.sees('ops', ({ ts }) => ts === handle);
  }

  test('a card of an older vigie whose command is gone: the person hears that it is none', async () => {
    const card = await old('!drainhost cmp1');
    expect(await bob.click(card, 'Old')).toBe('done');
    await told(bob, /drainhost/, card);
  });

  test('a card of a job that was forgotten: the person hears so', async () => {
    const card = await old('!approve zz99');
    expect(await bob.click(card, 'Old')).toBe('done');
    await told(bob, /zz99/, card);
  });

  test('a card that is pressed while vigie restarts: Slack says so, and nothing is half done', async () => {
    const card = await old('!hosts');
    const before = ops.slack.delivered.length;
    ops.slack.sockets.freeze();
    const pressed = bob.click(card, 'Old');
    ops.slack.sockets.drop();
    ops.slack.sockets.thaw();
    expect(await pressed).not.toBe('done');
    expect(ops.slack.delivered.length).toBe(before + 1);
    await ops.stage.story.until('vigie to hear again', () => ops.slack.sockets.open > 0);
  });
});

describe('words that would ring everybody', () => {
  const bang = '<!channel> <!here> <@U0ABCDEF12> <!subteam^S0ABCDEF12>';
  const every: Report = {
    title: bang,
    tone: 'bad',
    blocks: [
      { kind: 'text', text: bang },
      { kind: 'fields', fields: [[bang, bang]] },
      { kind: 'table', columns: [bang], rows: [[bang]] },
      { kind: 'steps', steps: [{ label: bang, state: 'failed', note: bang }], progress: [1, 2] },
      { kind: 'chart', label: bang, points: [{ at: bang, value: 3 }] },
      { kind: 'code', text: bang },
      { kind: 'file', name: bang, artifact: 'a', bytes: 3 },
    ],
    replies: [{ label: bang, line: bang, danger: true }],
    calls: [bang, 'irc:libera/<!channel>', `slack:T0OTHER/U0ABCDEF12`],
    footer: bang,
  };
  const place = () => ({
    adapter: 'slack',
    id: `slack:${ops.slack.team}/${mark(bob).channel}`,
    kind: 'channel' as const,
  });

  test('in every field of a message and of its edit they ring nobody', async () => {
    const telling = { key: 'bang', weight: 'news' as const };
    const receipt = await ops.adapter.post(place(), every, telling);
    await ops.adapter.revise(receipt, { ...every, title: `again ${bang}` }, null, telling);
    await bob.sees('ops', ({ ts, text }) => ts === receipt.handle && text.includes('<!channel>'));
    expect(loud()).toEqual([]);
  });

  test('in every field of what one person is shown, and of a home, they ring nobody', async () => {
    const alone = { key: 'bang:aside', weight: 'answer' as const, aside: `slack:${bob.account}` };
    await ops.adapter.post(place(), every, alone);
    const first = { adapter: 'slack', id: `slack:${ops.slack.team}/~${bob.id}`, kind: 'direct' as const };
    await ops.adapter.post(first, every, { key: 'bang:home', weight: 'answer' });
    const home = JSON.stringify(bob.home());
    expect(home).toContain('&lt;!channel&gt;');
    expect(home).not.toContain('<!channel>');
    expect(loud()).toEqual([]);
  });

  test.each(['!hosts <!channel>', '!jobs "<!channel>"', '!maintenance <!here>', '!help <!everyone>'])(
    'in a line that is told back, %s, they ring nobody',
    async (line) => {
      const said = alice.say('ops', line);
      await alice.sees('ops', answers(said, /./));
      expect(loud()).toEqual([]);
    },
  );

  test('typed so that Slack lets them through as they are they ring nobody either', async () => {
    const said = alice.say('ops', '!job &lt;!channel&gt;', { raw: true });
    await alice.sees('ops', answers(said, /<!channel>/));
    expect(loud()).toEqual([]);
  });
});

describe('too much', () => {
  test('a table of 5,000 rows is a summary, and a file in the thread', async () => {
    const rows = Array.from({ length: 5000 }, (_, n) => [`web-${n}`, '<!channel>']);
    const report: Report = {
      title: 'servers',
      tone: 'plain',
      blocks: [{ kind: 'table', columns: ['name', 'tag'], rows }],
    };
    const asked = alice.say('ops', 'how many?');
    const place = { adapter: 'slack', id: `slack:${ops.slack.team}/${asked.channel}`, kind: 'channel' as const };
    await ops.adapter.post(place, report, { key: 'table', weight: 'answer', replyTo: asked.ts });
    const shared = await bob.sees('ops', ({ thread, files }) => thread === asked.ts && files.length > 0);
    expect(shared.files).toHaveLength(1);
    const content = [...ops.slack.workspace.files.values()].at(-1)?.content?.toString('utf8') ?? '';
    for (const name of ['web-0 ', 'web-2500 ', 'web-4999 ']) expect(content).toContain(name);
    expect(loud()).toEqual([]);
  });

  test('a line of 40,000 characters is refused in one short answer', async () => {
    const said = alice.say('ops', `!hosts ${'<!channel> x'.repeat(3300)}`);
    const answer = await alice.sees('ops', answers(said, /./));
    expect(answer.text.length).toBeLessThan(3000);
    expect(loud()).toEqual([]);
  });

  test('a reason of 4,000 characters spoils no card', async () => {
    const said = alice.say('ops', `!maintenance ${host} --reason ${'wörd'.repeat(1000)}`);
    await alice.sees('ops', answers(said, /./), { ms: 30_000 });
    const [job] = await ops.stage.story.database.rows
      .selectFrom('job')
      .select('id')
      .where('state', '=', 'awaiting')
      .execute();
    if (job !== undefined) await cancel(job.id);
  }, 60_000);

  test('a channel that vigie was not invited to is told of, and no other waits for it', async () => {
    const place = { adapter: 'slack', id: `slack:${ops.slack.team}/C0NOWHERE`, kind: 'channel' as const };
    const report: Report = { title: 'x', tone: 'plain', blocks: [] };
    await expect(ops.adapter.post(place, report, { key: 'nowhere', weight: 'news' })).rejects.toThrow(
      /invite it there/,
    );
  });
});
