import { afterEach, expect, test, vi } from 'vitest';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

/** Three of one anti-affinity group, each on a host of its own; one more host is open and empty, and no other. */
async function threeOnFour() {
  stage = await openStage();
  const { cloud } = stage;
  const hosts = [await cloud.ownHost(), await cloud.ownHost(), await cloud.ownHost()];
  const [host = ''] = hosts;
  const spare = await cloud.ownHost();
  const { body } = await cloud.admin.call('GET', '/os-services?binary=nova-compute');
  const others = body.services.filter((one: { host: string }) => ![...hosts, spare].includes(one.host));
  for (const other of others) await cloud.disable(other.host);
  const group = await cloud.group('apart', 'anti-affinity');
  const members = [];
  for (const [n, on] of hosts.entries()) members.push(await cloud.server(`db-${n}`, on, { group }));
  return { host, spare, members };
}

test('three that must be apart on four hosts: one host is emptied to the fourth, and the rule holds', async () => {
  const { host, spare, members } = await threeOnFour();
  const { cloud } = stage;
  await cloud.server('free', host);
  const { job, words } = await stage.plan(`maintenance ${host}`);
  expect(words).toMatch(new RegExp(`group ${cloud.prefix}apart \\(anti-affinity\\); fits on 1 host`));
  await stage.approve(job);
  expect((await stage.ended(job)).state).toBe('done');
  const where = await Promise.all(members.map(async ({ id }) => (await cloud.show(id)).host));
  expect(new Set(where).size).toBe(3);
  expect(where[0]).toBe(spare);
});

test('where the fourth is closed, the plan says that the rule keeps it, and nothing of it is tried', async () => {
  const { host, spare, members } = await threeOnFour();
  const { cloud } = stage;
  const free = await cloud.server('free', host);
  await cloud.disable(spare);
  const { job, words } = await stage.plan(`maintenance ${host}`);
  expect(words).toMatch(
    new RegExp(`${members[0]?.name}[^\\n]*blocked[^\\n]*\\(anti-affinity\\) has a member on every other host`),
  );
  await stage.approve(job);
  expect((await stage.ended(job)).state).toBe('partial');
  expect(await cloud.migrations(members[0]?.id ?? '')).toEqual([]);
  expect((await cloud.show(free.id)).host).not.toBe(host);
});

test('members that Nova lets share a host only softly move one after the other', async () => {
  stage = await openStage();
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  const group = await cloud.group('soft', 'soft-anti-affinity');
  const ids = [];
  for (const n of [1, 2, 3]) ids.push((await cloud.server(`soft-${n}`, host, { group })).id);
  const ran = await stage.run(`maintenance ${host}`);
  expect(ran.state).toBe('done');
  const rows = await story.database.rows
    .selectFrom('step')
    .select(['started_at', 'ended_at'])
    .where('job', '=', ran.job)
    .where('name', '=', 'move')
    .orderBy('started_at')
    .execute();
  expect(rows).toHaveLength(3);
  for (const [n, { started_at: began }] of rows.entries()) {
    const before = rows[n - 1]?.ended_at ?? null;
    if (before !== null) expect(began?.getTime()).toBeGreaterThanOrEqual(before.getTime());
  }
});

test('a rule that leaves no host is told in the plan, and nothing of it is tried', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const group = await cloud.group('together', 'affinity');
  const pair = [await cloud.server('left', host, { group }), await cloud.server('right', host, { group })];
  const { job, words } = await stage.plan(`maintenance ${host}`);
  for (const { name } of pair) expect(words).toMatch(new RegExp(`${name}[^\\n]*blocked[^\\n]*\\(affinity\\) keeps it`));
  await stage.approve(job);
  expect((await stage.ended(job)).state).toBe('partial');
  for (const { id } of pair) expect(await cloud.migrations(id)).toEqual([]);
});
