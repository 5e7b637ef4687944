import { afterEach, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

test('a plan names the owners, what else runs on the host, what servers carry, and whether one more host may fail', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const [first] = await cloud.servers(2, host);
  await cloud.control?.flavor({ name: 'kept', disk: 20 });
  await cloud.control?.createServer({ name: 'vault', host, flavor: 'kept', bootsFromVolume: true });
  await cloud.control?.agent({ host, binary: 'neutron-l3-agent', type: 'L3 agent', alive: true });
  await cloud.control?.agent({ host, binary: 'ovn-controller', type: 'OVN Controller Gateway agent', alive: true });
  const { words } = await stage.plan(`maintenance ${host}`);

  expect(words).toMatch(/owners.*alpha [23]/);
  expect(words).toMatch(new RegExp(`${first?.name} \\(512 MB, \\d+ GB disk\\)[^\\n]*live[^\\n]*fits on \\d+ hosts`));
  if (!onLab) {
    expect(words).toMatch(/vault \([^)]*1 volume of 20 GB\)/);
    expect(words).toContain('L3 agent (alive; without the host routers that only it serves have no gateway)');
    expect(words).toContain('Gateway agent (alive; without the host routers without another gateway chassis');
    expect(words).toContain('N-1: zone nova: one more of its 3 other hosts may fail');
  } else expect(words).toMatch(/network agents/);
});

test.skipIf(onLab)('an agents API that is not there is said, not taken for health', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  await cloud.control?.wire({ path: '/v2.0/agents', status: 404, times: 100 });
  expect((await stage.plan(`maintenance ${host}`)).words).toContain('not known: the cloud has no agents API');
});

test.skipIf(onLab)('where Placement does not tell of every host, that N-1 is not known is said', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  await cloud.control?.wire({ path: '/resource_providers/.*/allocations', status: 404, times: 1 });
  expect((await stage.plan(`maintenance ${host}`)).words).toContain(
    'N-1: not known: Placement does not tell of every host of zone nova',
  );
});

test.skipIf(onLab)(
  'a host that is being emptied counts as empty: its servers are reckoned onto others first',
  async () => {
    stage = await openStage({ simulator: { hosts: 4, migrateSeconds: 60 } });
    const { cloud } = stage;
    const [first = '', second = ''] = [await cloud.ownHost(), await cloud.ownHost()];
    await cloud.control?.flavor({ name: 'wide', disk: 4500 });
    await cloud.control?.createServer({ name: 'on-first', host: first, flavor: 'wide' });
    await cloud.control?.createServer({ name: 'on-second', host: second, flavor: 'wide' });
    expect((await stage.plan(`maintenance ${second}`)).words).toContain(
      'N-1: zone nova: one more of its 3 other hosts',
    );
    const { job } = await stage.plan(`maintenance ${first}`);
    await stage.approve(job);
    await cloud.until('it is closed', async () => (await cloud.service(first)).status === 'disabled');
    const said = await stage.say('alice', `maintenance ${second}`);
    expect(said).toMatch(/N-1 is lost: zone nova: if cmp. fails/);
    const { words } = await stage.plan(`maintenance ${second} --accept-risk fans`);
    expect(words).toContain(`meanwhile: ${first} is being emptied, too: reckoned first`);
  },
);

test.skipIf(onLab)(
  'what Nova never moves live is blocked in the plan with the reason, and never asked for',
  async () => {
    stage = await openStage();
    const { cloud, story } = stage;
    const host = await cloud.ownHost();
    await cloud.control?.flavor({ name: 'safe', extraSpecs: { 'hw:tpm_version': '2.0' } });
    const guarded = await cloud.control?.createServer({ name: 'vault', host, flavor: 'safe' });
    await cloud.server('plain', host);
    const { job, words } = await stage.plan(`maintenance ${host}`);
    expect(words).toMatch(/vault[^\n]*blocked[^\n]*it has a vTPM: Nova does not move it live; stopped by its owner/);
    await stage.approve(job);
    expect((await stage.ended(job)).state).toBe('partial');
    expect(await cloud.migrations(guarded?.id ?? '')).toEqual([]);
    expect(story.room.posts.length).toBeGreaterThan(0);
  },
);

test.skipIf(onLab)('where room runs out once others have moved, the plan says for whom', async () => {
  stage = await openStage({ simulator: { hosts: 2 } });
  const { cloud } = stage;
  const host = await cloud.ownHost();
  await cloud.ownHost();
  // Disk is never overcommitted: two of these fill the other host's.
  await cloud.control?.flavor({ name: 'wide', disk: 3000 });
  for (const name of ['a', 'b', 'c']) await cloud.control?.createServer({ name, host, flavor: 'wide' });
  const { words } = await stage.plan(`maintenance ${host}`);
  expect(words).toMatch(/By reckoning there is no room in the end for \w/);
  expect(words).toMatch(/no room is left for it once those before it have moved/);
  expect(words).toMatch(/N-1: zone nova: no room for \w even now/);
});

test('--order says who goes first', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  await cloud.servers(3, host);
  const shown = async (order: string) => {
    const { job } = await stage.plan(`maintenance ${host} --order ${order}`);
    const rows = await stage.story.database.rows
      .selectFrom('job')
      .select('plan')
      .where('id', '=', job)
      .executeTakeFirst();
    await stage.say('bob', `deny ${job}`);
    return JSON.parse(rows?.plan ?? '{}').steps.map(({ label }: { label: string }) => /web-\d+/.exec(label)?.[0]);
  };
  expect((await shown('name')).filter(Boolean)).toEqual(['web-01', 'web-02', 'web-03']);
  expect(await stage.say('alice', `maintenance ${host} --order tallest`)).toMatch(/--order.*smallest/);
});

test('what moves took here predicts the next drain, and the end holds it against what it took', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const [first, second] = [await cloud.ownHost(), await cloud.ownHost()];
  await cloud.servers(3, first);
  expect((await stage.plan(`maintenance ${first}`)).words).toContain('not known: too few moves here yet');
  expect((await stage.run(`maintenance ${first}`)).state).toBe('done');
  await cloud.server('next', second);
  const { job, words } = await stage.plan(`maintenance ${second}`);
  expect(words).toMatch(/time.*about \d+ s, by 3 moves here/);
  await stage.approve(job);
  expect((await stage.ended(job)).words).toMatch(/Predicted \d+ s, took \d+ s\./);
});
