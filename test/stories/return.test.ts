import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

test('off --return opens the host and brings back what vigie moved, and nobody else', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const [host, other] = [await cloud.ownHost(), await cloud.ownHost()];
  const [first, second, third] = await cloud.servers(3, host);
  if (!first || !second || !third) throw new Error('three servers were asked for');
  await cloud.become(second.id, 'SHUTOFF', { 'os-stop': null });
  expect((await stage.run(`maintenance ${host}`)).state).toBe('done');
  const away = (await cloud.show(third.id)).host;
  const elsewhere = away === other ? await cloud.ownHost() : other;
  await cloud.become(third.id, 'ACTIVE', { 'os-migrateLive': { host: elsewhere, block_migration: 'auto' } });
  await cloud.until('the third was moved on', async () => (await cloud.show(third.id)).host === elsewhere);

  const { job, words } = await stage.plan(`maintenance ${host} off --return`);
  expect(words).toContain(`enable ${host} and bring 2 servers back`);
  expect(words).toMatch(new RegExp(`${third.name}[^\\n]*skip[^\\n]*is on ${elsewhere} now, by another hand`));
  expect(words).toMatch(/needs 1 approval/);
  await stage.approve(job);
  const ran = await stage.ended(job);
  expect(ran.state).toBe('done');
  expect(ran.report.title).toBe(`${host}: maintenance is over; 2 servers are back on ${host}`);
  expect(await cloud.service(host)).toMatchObject({ status: 'enabled' });
  expect(new Set((await cloud.on(host)).map(({ id }) => id))).toEqual(new Set([first.id, second.id]));
  expect(await cloud.show(second.id)).toMatchObject({ status: 'SHUTOFF' });
});

test('return JOB brings back what a drain moved, once its host is open again', async () => {
  stage = await openStage();
  const { cloud } = stage;
  const host = await cloud.ownHost();
  const [only] = await cloud.servers(1, host);
  const drained = await stage.run(`maintenance ${host}`);
  expect(await stage.say('alice', `return ${drained.job}`)).toContain(`maintenance ${host} off --return`);
  await stage.run(`maintenance ${host} off`);
  const { state, report } = await stage.run(`return ${drained.job}`);
  expect(state).toBe('done');
  expect(report.title).toBe(`1 server is back on ${host}`);
  expect((await cloud.show(only?.id ?? '')).host).toBe(host);
  expect(await stage.say('alice', `return ${drained.job}`)).toMatch(/nothing of .* is there already/);
  expect(await stage.say('alice', 'return zzzz')).toContain('knows no job zzzz');
});

test.skipIf(onLab)('a host is opened only once the agents that were alive before are, and report', async () => {
  stage = await openStage();
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  const l3 = { host, binary: 'neutron-l3-agent', type: 'L3 agent' };
  await cloud.control?.agent({ ...l3, alive: true });
  await cloud.control?.agent({ host, binary: 'neutron-dhcp-agent', type: 'DHCP agent', alive: false });
  await stage.run(`maintenance ${host}`);
  await cloud.control?.agent({ ...l3, alive: false });

  const { job } = await stage.plan(`maintenance ${host} off`);
  const gate = story.database.rows.selectFrom('step').select('note').where('job', '=', job).where('name', '=', 'ready');
  const says = async (words: string) => (await gate.executeTakeFirst())?.note.includes(words) === true;
  await story.until('its dead agent is waited for', () => says('not alive again: neutron-l3-agent'));
  // Neutron calls it alive for a while after its last report.
  await cloud.control?.agent({ ...l3, alive: true, silent: true });
  await story.until('its next report is waited for', () => says('well, 1 of 3 looks'));
  await delay(1500);
  expect(await cloud.service(host)).toMatchObject({ status: 'disabled' });
  await cloud.control?.agent({ ...l3, alive: true });
  expect((await stage.ended(job)).state).toBe('done');
  expect(await cloud.service(host)).toMatchObject({ status: 'enabled' });
});

test.skipIf(onLab)(
  'a host that is going down is not opened, though Nova still calls it up; --unchecked opens it',
  async () => {
    stage = await openStage({ simulator: { serviceDownSeconds: 3600 }, settings: { serverDeadline: 1500 } });
    const { cloud } = stage;
    const host = await cloud.ownHost();
    await stage.run(`maintenance ${host}`);
    await cloud.killCompute(host);
    expect(await cloud.service(host)).toMatchObject({ state: 'up' });

    const { state, words } = await stage.run(`maintenance ${host} off`);
    expect(state).toBe('failed');
    expect(words).toMatch(/left closed: no new report of nova-compute since .* UTC, still after/);
    expect(await cloud.service(host)).toMatchObject({ status: 'disabled' });
    expect((await stage.run(`maintenance ${host} off --unchecked`)).state).toBe('done');
    expect(await cloud.service(host)).toMatchObject({ status: 'enabled' });
  },
);
