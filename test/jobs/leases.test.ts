import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Report } from '../../src/chat/report.ts';
import { change, positional, step } from '../../src/command/make.ts';
import { done } from '../../src/command/outcome.ts';
import { register, registryOf } from '../../src/command/registry.ts';
import { callAgain } from '../../src/jobs/calls.ts';
import { remindOfLeases } from '../../src/jobs/lease-times.ts';
import { prune } from '../../src/jobs/prune.ts';
import { dbIn } from '../../src/jobs/store.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { openStory, room, type Story, storyPolicy } from '../story.ts';

const nowhere = { name: 'demo' } as Cloud;
const hour = 3_600_000;

const hold = change({
  summary: 'Hold a host for a week',
  examples: ['hold cmp1'],
  role: 'operator',
  risk: 'change',
  args: { host: positional(z.string(), 'host') },
  steps: {
    take: step(z.object({ host: z.string() }), async ({ host }, { leases, now }) => {
      const until = new Date(now().getTime() + 168 * hour);
      await leases.take({
        kind: 'host',
        subject: host,
        reason: 'broken fan',
        until,
        detail: null,
        undo: `enable ${host}`,
      });
      return done();
    }),
  },
  plan: async ({ host }) => ({
    title: `hold ${host}`,
    stages: [{ name: 'go' }],
    steps: [{ key: 'take', step: 'take', input: { host }, stage: 'go', label: host }],
  }),
  report: () => ({ title: 'held', tone: 'good', blocks: [] }),
});
const risky = change({
  ...hold,
  risk: 'disruptive',
  examples: ['risky cmp1'],
  steps: hold.steps,
  args: {},
  plan: async () => ({
    title: 'risky',
    stages: [{ name: 'go' }],
    steps: [{ key: 'take', step: 'take', input: { host: 'x' }, stage: 'go', label: 'x' }],
  }),
});

const policy = `${storyPolicy}
approval:
  - { risk: disruptive, places: ['test:room'], call: ['test:oncall'], expires: 1h }
`;
let story: Story;
beforeEach(async () => {
  const registry = registryOf([register('hold', hold), register('risky', risky)]);
  story = await openStory({ registry, policy, clouds: { demo: async () => nowhere } });
});
afterEach(async () => {
  await story.stop();
});

function notes(words: string): Report[] {
  return story.room.posts.map(({ report }) => report).filter(({ title }) => title.includes(words));
}

/** As if the lease had been taken so long ago and ended then. */
async function spans(sinceMs: number, untilMs: number): Promise<void> {
  const times = { since: dbIn(sinceMs), taken_at: dbIn(sinceMs), until: dbIn(untilMs) };
  await story.database.rows.updateTable('lease').set(times).execute();
}

async function held(): Promise<void> {
  await story.until(
    'a worker',
    async () => (await story.database.rows.selectFrom('worker').selectAll().execute()).length > 0,
  );
  const key = await story.mutter('alice', '!hold cmp1');
  await story.until('it is held', async () => (await story.state(await story.jobOf(key))) === 'done');
}

test('its owner is reminded a day before it ends, once, with the line that ends it', async () => {
  await held();
  await remindOfLeases(story.database);
  expect(notes('ends in')).toEqual([]);
  await spans(-144 * hour, 23 * hour);
  await Promise.all([1, 2, 3].map(() => remindOfLeases(story.database)));
  await story.until('the reminder', () => notes('ends in').length > 0);
  await remindOfLeases(story.database);
  const [reminder] = notes('ends in');
  expect(reminder?.title).toMatch(/^alice: the disabling of host cmp1 ends in 23 h/);
  expect(reminder?.replies?.[0]?.line).toBe('!enable cmp1 --cloud demo');
  expect(notes('ends in')).toHaveLength(1);
});

test('a short one is reminded of in its last quarter', async () => {
  await held();
  await spans(-2 * hour, 2 * hour);
  await remindOfLeases(story.database);
  const told = async () =>
    (await story.database.rows.selectFrom('lease').select('told').executeTakeFirstOrThrow()).told;
  expect(Number(await told())).toBe(0);
  await spans(-3 * hour, 0.9 * hour);
  await remindOfLeases(story.database);
  expect(Number(await told())).toBe(1);
});

test('a lease that cannot be read keeps no other from being told', async () => {
  await held();
  const { rows } = story.database;
  const lease = await rows.selectFrom('lease').selectAll().executeTakeFirstOrThrow();
  await rows
    .insertInto('lease')
    .values({ ...lease, subject: 'aaa', job: 'beef', place: 'nowhere' })
    .execute();
  await spans(-100 * hour, 20 * hour);
  await expect(remindOfLeases(story.database)).rejects.toThrow();
  await story.until('the other is told', () => notes('the disabling of host cmp1 ends in').length > 0);
});

test('of what one job took the line that ends all is offered only where it ends no other', async () => {
  await held();
  const { rows } = story.database;
  const lease = await rows.selectFrom('lease').selectAll().executeTakeFirstOrThrow();
  const server = (subject: string) => ({ ...lease, kind: 'server', subject, undo_line: `unprotect ${subject}` });
  await rows
    .insertInto('lease')
    .values([server('a'), server('b'), server('c')])
    .execute();
  await rows.deleteFrom('lease').where('kind', '=', 'host').execute();
  const soon = { taken_at: dbIn(-100 * hour), until: dbIn(20 * hour) };
  await rows.updateTable('lease').set(soon).where('subject', 'in', ['a', 'b']).execute();
  await story.until('they are told', () => notes('2 servers ends in').length > 0);
  expect(notes('2 servers ends in')[0]?.replies?.map(({ line }) => line)).toEqual([
    '!unprotect a --cloud demo',
    '!unprotect b --cloud demo',
  ]);
});

test('its end is told in the place; nothing is undone, and a renewed one is told of anew', async () => {
  await held();
  await spans(-3 * hour, -1000);
  await story.until('the end is told', () => notes('was to end').length > 0);
  expect(notes('was to end')[0]?.replies?.[0]?.line).toBe('!enable cmp1 --cloud demo');
  expect(notes('ends in')).toEqual([]);
  expect(await story.database.rows.selectFrom('lease').selectAll().execute()).toHaveLength(1);
  await held();
  await spans(-3 * hour, -1000);
  await story.until('it is told again', () => notes('was to end').length === 2);
});

test('a plan that still waits calls once more before it expires', async () => {
  const key = await story.mutter('alice', '!risky');
  await story.until('it waits', async () => (await story.state(await story.jobOf(key))) === 'awaiting');
  await callAgain(story.database);
  expect(notes('still waits')).toEqual([]);
  const job = await story.jobOf(key);
  await story.database.rows
    .updateTable('job')
    .set({ planned_at: dbIn(-55 * 60_000), until: dbIn(5 * 60_000) })
    .where('id', '=', job)
    .execute();
  await Promise.all([callAgain(story.database), callAgain(story.database)]);
  await story.until('the call', () => notes('still waits').length > 0);
  expect(notes('still waits')).toHaveLength(1);
  expect(notes('still waits')[0]?.title).toMatch(
    new RegExp(`^${job} still waits for 1 approval, expires \\d\\d:\\d\\d UTC`),
  );
  expect(notes('still waits')[0]?.calls).toEqual(['test:oncall']);
  expect(notes('still waits')[0]?.replies).toBeUndefined();
});

test('what nothing asks for any more is forgotten, and the audit stays', async () => {
  await held();
  const { rows } = story.database;
  const audit = await rows.selectFrom('audit').select('seq').execute();
  const old = dbIn(-40 * 24 * hour);
  await story.until(
    'all is said',
    async () => (await rows.selectFrom('delivery').selectAll().where('state', '=', 'waiting').execute()).length === 0,
  );
  await rows.updateTable('heard').set({ at: old }).execute();
  await rows.updateTable('delivery').set({ created_at: old }).execute();
  await rows.insertInto('slot').values({ schedule: 'x', slot: old, job: null }).execute();
  await rows
    .insertInto('artifact')
    .values({ id: 'a', job: null, name: 'log', bytes: 3, sha256: '0'.repeat(64), until: old, created_at: old })
    .execute();
  await rows
    .insertInto('artifact_chunk')
    .values({ artifact: 'a', number: 0, content: Buffer.from('abc') })
    .execute();
  const waits = await story.mutter('alice', '!risky');
  await story.until('it waits', async () => (await story.state(await story.jobOf(waits))) === 'awaiting');
  await rows.updateTable('delivery').set({ created_at: old }).execute();
  await prune(story.database);
  for (const table of ['slot', 'artifact', 'artifact_chunk'] as const)
    expect([table, await rows.selectFrom(table).selectAll().execute()]).toEqual([table, []]);
  expect((await rows.selectFrom('heard').selectAll().execute()).map((row) => row.message_key)).toEqual([waits]);
  const cards = await rows.selectFrom('delivery').select(['job', 'place_id']).execute();
  expect(cards).toEqual([{ job: await story.jobOf(waits), place_id: room.id }]);
  expect((await rows.selectFrom('audit').select('seq').execute()).length).toBeGreaterThanOrEqual(audit.length);
});
