import { afterEach, expect, test, vi } from 'vitest';
import { storyPolicy } from '../story.ts';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
afterEach(() => stage?.close());

test.skipIf(onLab)('what would lose N-1 is refused; two people may agree to it', async () => {
  const { host, reserve } = await crowded();
  expect(await stage.say('alice', `maintenance ${host}`)).toMatch(/N-1 is lost: zone nova: if cmp. fails/);
  // Nothing is on it, and that is what it is there for.
  expect(await stage.say('alice', `maintenance ${reserve}`)).toMatch(/N-1 is lost: zone nova: if cmp. fails/);
  const { job, words } = await stage.plan(`maintenance ${host} --accept-risk "fans burn"`);
  expect(words).toMatch(/N-1 is given up: fans burn[\s\S]*needs 2 approvals/);
  await stage.say('bob', `approve ${job}`);
  expect(await stage.story.state(job)).toBe('awaiting');
  await stage.say('carol', `approve ${job}`);
  expect((await stage.ended(job)).state).toBe('done');
});

test('no more hosts of a zone are closed at once than the policy lets be', async () => {
  stage = await openStage({}, { policy: `${storyPolicy}guards: { closed_per_zone: 1 }\n` });
  const { cloud } = stage;
  const [first, second] = [await cloud.ownHost(), await cloud.ownHost()];
  // Planned before either began: only one of them gets the zone's last place.
  const plans = [await stage.plan(`maintenance ${first}`), await stage.plan(`maintenance ${second}`)];
  for (const { job } of plans) await stage.approve(job);
  const ran = await Promise.all(plans.map(({ job }) => stage.ended(job)));
  expect(ran.map(({ state }) => state).toSorted()).toEqual(['done', 'failed']);
  expect(ran.find(({ state }) => state === 'failed')?.words).toMatch(/the policy lets 1 host of zone/);
  const [open, closed] = ran[0]?.state === 'done' ? [second, first] : [first, second];
  expect(await stage.say('alice', `maintenance ${open}`)).toContain(
    `the policy lets 1 host of zone nova be closed at once: ${closed} is`,
  );
  expect((await stage.run(`maintenance ${closed} off`)).state).toBe('done');
  expect((await stage.run(`maintenance ${open}`)).state).toBe('done');
});

test('where two of a zone may be closed, two are that were planned at once, and a third is not', async () => {
  stage = await openStage({}, { policy: `${storyPolicy}guards: { closed_per_zone: 2 }\n` });
  const { cloud } = stage;
  const [first, second, third] = [await cloud.ownHost(), await cloud.ownHost(), await cloud.ownHost()];
  const plans = [await stage.plan(`maintenance ${first}`), await stage.plan(`maintenance ${second}`)];
  for (const { job } of plans) await stage.approve(job);
  const ran = await Promise.all(plans.map(({ job }) => stage.ended(job)));
  expect(ran.map(({ state }) => state)).toEqual(['done', 'done']);
  expect(await stage.say('alice', `maintenance ${third}`)).toMatch(
    /the policy lets 2 hosts of zone nova be closed at once/,
  );
});

test.skipIf(onLab)(
  'two votes that a plan asks for are asked for again where somebody made its row say one',
  async () => {
    const { story, host } = await crowded();
    const { job } = await stage.plan(`maintenance ${host} --accept-risk "fans burn"`);
    const { rows } = story.database;
    const { approval } = await rows
      .selectFrom('job')
      .select('approval')
      .where('id', '=', job)
      .executeTakeFirstOrThrow();
    const lowered = JSON.stringify({ ...JSON.parse(approval ?? '{}'), votes: 1 });
    await rows.updateTable('job').set({ approval: lowered }).where('id', '=', job).execute();
    await stage.say('bob', `approve ${job}`);
    await story.until('it is stale', async () => (await story.state(job)) === 'stale');
    expect(await stage.cloud.service(host)).toMatchObject({ status: 'enabled' });
    const successor = await story.lastJob();
    expect(await stage.say('rita', `job ${successor}`)).toMatch(/approvals[^\n]*1[^\n]*2[^\n]*asks more people now/);
  },
);

/** Three hosts, two of them so full that neither could take the other's disk. */
async function crowded(): Promise<{ story: Stage['story']; host: string; reserve: string }> {
  stage = await openStage({ simulator: { hosts: 3 } });
  const { cloud, story } = stage;
  const hosts = [await cloud.ownHost(), await cloud.ownHost(), await cloud.ownHost()];
  // Disk is never overcommitted: each host has 8000 GB.
  await cloud.control?.flavor({ name: 'wide', disk: 4500 });
  for (const host of hosts.slice(0, 2)) await cloud.control?.createServer({ name: `on-${host}`, host, flavor: 'wide' });
  return { story, host: hosts[0] ?? '', reserve: hosts[2] ?? '' };
}
