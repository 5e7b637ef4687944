import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import approve from '../../commands/approve.ts';
import clouds from '../../commands/clouds/index.ts';
import deny from '../../commands/deny.ts';
import freeze from '../../commands/freeze.ts';
import add from '../../commands/schedule/add.ts';
import list from '../../commands/schedule/list.ts';
import pause from '../../commands/schedule/pause.ts';
import remove from '../../commands/schedule/remove.ts';
import type { Report } from '../../src/chat/report.ts';
import { change, control, positional, query, step } from '../../src/command/make.ts';
import { done } from '../../src/command/outcome.ts';
import { register, registryOf } from '../../src/command/registry.ts';
import { fireSchedules } from '../../src/desk/firing.ts';
import { dbIn, insertJob } from '../../src/jobs/store.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { openStory, room, type Story, storyPolicy } from '../story.ts';

/** A cloud that is never asked: these stories are about times and approvals. */
const nowhere = { name: 'demo' } as Cloud;
/** How many servers a sweep finds, and what it would do to each. */
let world = { servers: 2, verdict: 'live', weight: 2 };
let swept: string[] = [];

const look = query({
  summary: 'Look',
  examples: ['look'],
  role: 'reader',
  args: {},
  answer: async () => ({ title: 'seen', tone: 'good', blocks: [] }),
});
/** A control line with a bug in it. */
const stumble = control({
  summary: 'Stumble',
  examples: ['stumble'],
  role: 'reader',
  args: {},
  run: async () => {
    throw new TypeError('undefined is not a function');
  },
});
const sweep = change({
  summary: 'Sweep a host',
  examples: ['sweep cmp1'],
  role: 'operator',
  risk: 'disruptive',
  args: { host: positional(z.string(), 'host') },
  steps: {
    move: step(z.object({ name: z.string() }), async ({ name }) => {
      swept.push(name);
      return done();
    }),
  },
  plan: async ({ host }) => {
    const names = Array.from({ length: world.servers }, (_, n) => `s${n}`);
    const { verdict, weight } = world;
    return {
      title: `sweep ${host}`,
      rows: names.map((name) => ({ key: name, verdict, weight, label: name, why: '' })),
      stages: [{ name: 'go' }],
      steps: names.map((name) => ({ key: name, step: 'move' as const, input: { name }, stage: 'go', label: name })),
      claims: [`host:demo/${host}`, ...names.map((name) => `server:demo/${name}`)],
      size: names.length,
    };
  },
  report: (job) => ({ title: `swept: ${job.state}`, tone: 'good', blocks: [] }),
});

const registry = registryOf([
  register('look', look),
  register('sweep', sweep),
  register('stumble', stumble),
  register('approve', approve),
  register('deny', deny),
  register('freeze', freeze),
  register('clouds', clouds),
  register('schedule add', add),
  register('schedule list', list),
  register('schedule pause', pause),
  register('schedule remove', remove),
]);

let story: Story;
beforeEach(async () => {
  world = { servers: 2, verdict: 'live', weight: 2 };
  swept = [];
  story = await openStory({
    registry,
    policy: `${storyPolicy}standing: { votes: 2 }\n`,
    clouds: { demo: async () => nowhere },
  });
  await story.until('a worker', async () => (await story.say('alice', '!clouds')).title === '1 cloud');
});
afterEach(async () => {
  await story.stop();
});

function idOf(report: Report): string {
  return /schedule ([0-9a-f]{4})/.exec(report.title)?.[1] ?? '';
}

async function scheduled(person: string, line: string): Promise<string> {
  const id = idOf(await story.say(person, `!schedule add ${line}`));
  expect(id).not.toBe('');
  return id;
}

/** Puts the clock of one schedule: its next time was so many milliseconds ago, to the minute. */
async function wasDue(id: string, minutes = 0): Promise<Date> {
  const now = (await story.database.now()).getTime();
  const at = new Date(Math.floor(now / 60_000) * 60_000 - minutes * 60_000);
  await story.database.rows.updateTable('schedule').set({ next_at: at }).where('id', '=', id).execute();
  return at;
}

async function fired(id: string) {
  return story.database.rows
    .selectFrom('job')
    .selectAll()
    .where('schedule', '=', id)
    .where('standing', 'is', null)
    .execute();
}

function said(words: string): Report | undefined {
  return story.room.posts.map(({ report }) => report).find(({ title }) => title.includes(words));
}

test('what cannot be scheduled is refused in one line, and nothing is kept', async () => {
  const wrong: [string, RegExp][] = [
    ['"0 7 * *" look', /unreadable.*five fields/],
    ['"*/5 * * * * *" look', /six fields/],
    ['"61 * * * *" look', /unreadable.*five fields/],
    ['"0 0 30 2 *" look', /unreadable/],
    ['"H * * * *" look', /unreadable/],
    ['@daily look', /unreadable/],
    ['"0 7 * * *" --tz Europe/Pariss look', /no time zone Europe\/Pariss: did you mean Europe\/Paris\?/],
    ['"0 7 * * *" lok', /look/],
    ['"0 7 * * *" look --loud', /there is no --loud/],
    ['"0 7 * * *" look --cloud moon', /no cloud moon/],
    ['"0 7 * * *" freeze tired', /for people to say/],
    ['"0 7 * * *" schedule remove 1234', /for people to say/],
    ['"0 7 * * *" --max 3 look', /leave out --max/],
    ['"0 7 * * *" sweep cmp1', /--max 10 --until 30d sweep cmp1/],
    ['"0 7 * * *" --max 3 --until 2020-01-01 sweep cmp1', /over already/],
  ];
  for (const [line, expected] of wrong) {
    const report = await story.say('alice', `!schedule add ${line}`);
    expect([line, report.title], line).toEqual([line, expect.stringMatching(expected)]);
    expect(report.tone).toBe('bad');
  }
  expect((await story.say('rita', '!schedule add "0 7 * * *" look')).title).toContain('needs the role operator');
  expect(await story.database.rows.selectFrom('schedule').selectAll().execute()).toEqual([]);
});

test('a saved line is shown with its next three times, keeps its cloud, and is forgotten again', async () => {
  const report = await story.say('alice', '!schedule add "0 7 * * 1-5" --tz Europe/Paris look');
  const next = report.blocks[0]?.kind === 'fields' ? report.blocks[0].fields[0]?.[1] : '';
  expect(next).toMatch(/^(\w{3} \d{4}-\d\d-\d\d 07:00 Europe\/Paris( · )?){3}$/);
  const id = idOf(report);
  const table = (await story.say('rita', '!schedule list')).blocks[0];
  expect(table?.kind === 'table' ? table.rows[0]?.slice(0, 4) : []).toEqual([
    id,
    '0 7 * * 1-5 Europe/Paris',
    'look --cloud demo',
    'alice',
  ]);
  expect((await story.say('bob', `!schedule remove ${id}`)).title).toContain('is gone');
  expect((await story.say('bob', `!schedule remove ${id}`)).title).toContain('there is no schedule');
});

test('it fires once per slot, however many look at once', async () => {
  const id = await scheduled('alice', '"* * * * *" look');
  const slot = await wasDue(id);
  const parts = { ...story, registry, prefix: '!', version: 'test' };
  await Promise.all(Array.from({ length: 5 }, () => fireSchedules(parts)));
  await story.until('its job', async () => (await fired(id)).length > 0);
  const [job] = await fired(id);
  expect(job).toMatchObject({
    human: 'alice',
    line: 'look --cloud demo',
    message_key: `slot:${id}:${slot.toISOString()}`,
  });
  await story.until('its answer', () => story.card(job?.id ?? '')?.title === 'seen');
  // The clock is set back: the same slot again is nobody's.
  await wasDue(id);
  await fireSchedules(parts);
  const slots = (await fired(id)).map(({ message_key: key }) => key);
  expect(new Set(slots).size).toBe(slots.length);
});

test('slots that were slept through are told once, not run', async () => {
  const id = await scheduled('alice', '"*/7 * * * *" look');
  const parts = { ...story, registry, prefix: '!', version: 'test' };
  const now = await story.database.now();
  const first = new Date(Math.floor((now.getTime() - 3_600_000) / 3_600_000) * 3_600_000);
  await story.database.rows.updateTable('schedule').set({ next_at: first }).where('id', '=', id).execute();
  await Promise.all([fireSchedules(parts), fireSchedules(parts)]);
  await story.until('the note', () => said('missed') !== undefined);
  expect(said('missed')?.title).toMatch(/missed \d+ times since/);
  expect((await fired(id)).length).toBeLessThanOrEqual(1);
  expect(story.room.posts.filter(({ report }) => report.title.includes('missed'))).toHaveLength(1);
});

test('a control line that reads is answered as a note', async () => {
  const id = await scheduled('alice', '"0 7 * * *" clouds');
  const before = story.room.posts.length;
  await wasDueNow(id);
  await story.until('the note', () => story.room.posts.slice(before).some(({ report }) => report.title === '1 cloud'));
  expect(await fired(id)).toEqual([]);
});

test('a line that hits a bug is told once as broken, with the number of the log, and the next time stands', async () => {
  const id = await scheduled('alice', '"0 7 * * *" stumble');
  await wasDueNow(id);
  await story.until('the note', () => said('something broke') !== undefined);
  const report = said('something broke');
  expect(report?.title).toMatch(new RegExp(`^schedule ${id} of alice: something broke, [0-9a-f]{4};`));
  expect(JSON.stringify(report)).toContain('nothing was done; the next is');
  const parts = { ...story, registry, prefix: '!', version: 'test' };
  for (let n = 0; n < 3; n += 1) expect(await fireSchedules(parts)).toEqual([]);
  expect(story.room.posts.filter(({ report: { title } }) => /missed|broke/.test(title))).toHaveLength(1);
  const row = await story.database.rows.selectFrom('schedule').selectAll().where('id', '=', id).executeTakeFirst();
  expect(row?.paused).toBe(0);
  expect(row?.next_at?.getTime()).toBeGreaterThan((await story.database.now()).getTime());
});

test('times that cannot be read keep no other schedule from its own; that one is paused, told once', async () => {
  const broken = await scheduled('alice', '"0 7 * * *" look');
  const id = await scheduled('alice', '"0 7 * * *" look');
  await story.say('alice', '!look');
  const bounds = await story.lastJob();
  await story.until('it is decided', async () => (await story.state(bounds)) === 'done');
  const times = { cron: 'whenever', next_at: null, bounds_job: bounds };
  await story.database.rows.updateTable('schedule').set(times).where('id', '=', broken).execute();
  await wasDueNow(id);
  await story.until('the other one fires', async () => (await fired(id)).length > 0);
  await story.until('it is told', () => said('something broke') !== undefined);
  expect(JSON.stringify(said('something broke'))).toContain('it is paused: its times cannot be read');
});

/** Due this very minute, whatever its cron says. */
async function wasDueNow(id: string): Promise<void> {
  await story.database.rows
    .updateTable('schedule')
    .set({ next_at: dbIn(-1000) })
    .where('id', '=', id)
    .execute();
}

test('an owner without rights is told so in the place, and it pauses', async () => {
  const id = await scheduled('alice', '"* * * * *" look');
  await story.database.rows.updateTable('schedule').set({ human: 'nobody' }).where('id', '=', id).execute();
  await wasDue(id);
  await story.until('the note', () => said('is paused, and said nothing') !== undefined);
  expect(await fired(id)).toEqual([]);
  const row = await story.database.rows.selectFrom('schedule').selectAll().where('id', '=', id).executeTakeFirst();
  expect(Number(row?.paused)).toBe(1);
});

test('a paused schedule is silent, and goes on from now', async () => {
  const id = await scheduled('alice', '"0 7 * * *" look');
  await story.say('bob', `!schedule pause ${id}`);
  expect((await story.say('bob', `!schedule pause ${id}`)).title).toContain('paused already');
  expect((await story.say('bob', `!schedule pause ${id} --off`)).title).toContain('fires again, next');
});

/** Adds a sweep by the clock and has both approvers let it run by itself. */
async function approvedSweep(max = 2): Promise<string> {
  const id = await scheduled('alice', `"* * * * *" --max ${max} --until 30d sweep cmp1`);
  const asked = await story.lastJob();
  await story.until('its plan', async () => (await story.state(asked)) === 'awaiting');
  expect((await story.say('alice', `!approve ${asked}`)).title).toContain('somebody else');
  await story.say('bob', `!approve ${asked}`);
  expect(await story.state(asked)).toBe('awaiting');
  await story.say('carol', `!approve ${asked}`);
  await story.until('it is given', async () => (await story.state(asked)) === 'done');
  expect(swept).toEqual([]);
  return id;
}

async function firstFiring(id: string): Promise<string> {
  await story.until('it is armed', async () => {
    const row = await story.database.rows
      .selectFrom('schedule')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return row.next_at !== null;
  });
  if ((await fired(id)).length === 0) await wasDue(id);
  await story.until('a firing', async () => (await fired(id)).length > 0);
  return (await fired(id))[0]?.id ?? '';
}

test('a changing line waits for two, then runs by itself within its bounds', async () => {
  const id = await approvedSweep();
  const job = await firstFiring(id);
  await story.until('its end', async () => (await story.state(job)) === 'done');
  expect(swept).toEqual(['s0', 's1']);
  expect(story.card(job)?.footer).toContain('standing approval');
});

test('outside its bounds it asks and waits, and an ordinary approval is enough', async () => {
  const id = await approvedSweep(2);
  world = { ...world, servers: 3 };
  const job = await firstFiring(id);
  await story.until('it asks', async () => (await story.state(job)) === 'awaiting');
  await story.until('its card', () =>
    JSON.stringify(story.card(job) ?? {}).includes('it would touch 3, and 2 are approved'),
  );
  await story.say('bob', `!approve ${job}`);
  await story.until('its end', async () => (await story.state(job)) === 'done');
});

test('a harsher act than those approved asks, too', async () => {
  const id = await approvedSweep(5);
  world = { servers: 1, verdict: 'cold', weight: 3 };
  const job = await firstFiring(id);
  await story.until('it asks', async () => (await story.state(job)) === 'awaiting');
  expect(swept).toEqual([]);
});

test('a forged approval is not believed: the worker counts the votes for the bounds itself', async () => {
  const id = await approvedSweep(5);
  await story.database.rows.deleteFrom('vote').where('human', '=', 'carol').execute();
  const job = await firstFiring(id);
  await story.until('it asks', async () => (await story.state(job)) === 'awaiting');
  await story.until('its card', () => JSON.stringify(story.card(job) ?? {}).includes('does not hold'));
  expect(swept).toEqual([]);
});

test('a second job for the same time is not believed', async () => {
  const id = await approvedSweep(5);
  const minute = Math.floor((await story.database.now()).getTime() / 60_000) * 60_000;
  for (const at of [minute, minute + 60_000]) {
    const messageKey = `slot:${id}:${new Date(at).toISOString()}`;
    const rest = { command: 'sweep', line: 'sweep cmp1', cloud: 'demo', human: 'alice', account: 'test:alice' };
    const forged = { ...rest, state: 'cancelled', kind: 'change', place: room, messageKey, replyTo: null } as const;
    await story.database.transaction((rows) => insertJob(rows, { ...forged, policyHash: '' }));
  }
  const job = await firstFiring(id);
  await story.until('it asks', async () => (await story.state(job)) === 'awaiting');
  await story.until('its card', () => JSON.stringify(story.card(job) ?? {}).includes('opened for the same time'));
});

test('bounds changed in the rows are not what was approved', async () => {
  const id = await approvedSweep(1000);
  const { plan } = await story.database.rows
    .selectFrom('job')
    .select('plan')
    .where('standing', 'is not', null)
    .executeTakeFirstOrThrow();
  await story.database.rows
    .updateTable('job')
    .set({ plan: plan?.replaceAll('"max":1000', '"max":9000') ?? null })
    .where('standing', 'is not', null)
    .execute();
  const job = await firstFiring(id);
  await story.until('it asks', async () => (await story.state(job)) === 'awaiting');
  expect(swept).toEqual([]);
});

test('a standing approval that is denied takes its schedule with it', async () => {
  const id = await scheduled('alice', '"* * * * *" --max 5 --until 30d sweep cmp1');
  const asked = await story.lastJob();
  await story.until('its plan', async () => (await story.state(asked)) === 'awaiting');
  expect((await story.say('root', `!approve ${asked} --break-glass "I am in a hurry"`)).title).toContain('emergency');
  await story.say('bob', `!deny ${asked}`);
  await story.until('it is gone', async () => (await story.say('bob', '!schedule list')).title.includes('nothing is'));
  expect((await story.say('alice', `!schedule pause ${id} --off`)).title).toContain('there is no schedule');
});

test('one that is removed before it was approved cannot be approved any more', async () => {
  const id = await scheduled('alice', '"* * * * *" --max 5 --until 30d sweep cmp1');
  const asked = await story.lastJob();
  await story.until('its plan', async () => (await story.state(asked)) === 'awaiting');
  await story.say('alice', `!schedule remove ${id}`);
  expect((await story.say('bob', `!approve ${asked}`)).title).toContain('is cancelled already');
});

test('a line whose plan is larger than its bounds today is refused', async () => {
  await scheduled('alice', '"* * * * *" --max 1 --until 30d sweep cmp1');
  const asked = await story.lastJob();
  await story.until('its end', async () => (await story.state(asked)) === 'failed');
  await story.until('its card', () => story.card(asked)?.title.includes('more than --max 1') === true);
});
