import { afterEach, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 300_000 });

let stage: Stage;
afterEach(() => stage?.close());

test('nova-compute dies on the source: the drain ends with the list, names evacuation and never starts it', async () => {
  const settings = { serverDeadline: 5000, totalDeadline: onLab ? 60_000 : 15_000 };
  stage = await openStage({ settings, simulator: { migrateSeconds: 20 } });
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  const servers = await cloud.servers(5, host);
  if (onLab) await cloud.migrationSeconds(4);
  const { job } = await stage.plan(`maintenance ${host}`);
  await stage.approve(job);
  await story.until('the first has moved', async () => (await cloud.on(host)).length < 5, 120_000);
  await cloud.killCompute(host);

  await story.until('the end', async () => (await story.state(job)) !== 'running', 300_000);
  const { state, words } = await stage.ended(job);

  const left = await cloud.on(host);
  expect(state).toBe('partial');
  expect(left.length).toBeGreaterThan(0);
  for (const { name } of left) expect(words).toContain(name);
  expect(words).toMatch(/evacuate/i);
  for (const { id } of servers) {
    const verbs = await cloud.actions(id);
    expect(verbs).not.toContain('evacuate');
  }
  expect(await cloud.service(host)).toMatchObject({ status: 'disabled' });
});

test('a host that dies while it is being closed, and the worker with it: it is closed for certain, and told as dead', async () => {
  stage = await openStage({ settings: { serverDeadline: 5000, totalDeadline: onLab ? 60_000 : 15_000 } });
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  const only = await cloud.server('web', host);
  const { job } = await stage.plan(`maintenance ${host}`);
  await cloud.freezeCompute(host);
  await stage.approve(job);
  await cloud.until('it is closed', async () => (await cloud.service(host)).status === 'disabled');
  await story.workers.shift()?.stop();
  await cloud.until('it is down', async () => (await cloud.service(host)).state === 'down');
  await story.startWorker();

  const { state, words } = await stage.ended(job);
  expect(state).toBe('partial');
  expect(words).toContain(`${host} is not empty: 1 of 1 left`);
  expect(words).toMatch(/evacuate/);
  expect(await stage.say('rita', 'maintenance')).toContain(host);
  expect((await cloud.show(only.id)).host).toBe(host);
  await cloud.thawCompute(host);
  expect((await stage.run(`maintenance ${host} off`)).state).toBe('done');
  expect(await cloud.service(host)).toMatchObject({ status: 'enabled' });
});

test('a host that is down already is not drained: evacuation is named', async () => {
  stage = await openStage({ simulator: { serviceDownSeconds: 1, reportSeconds: 0.5 } });
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  await cloud.server('web', host);
  await cloud.killCompute(host);
  await cloud.until(`${host} is down`, async () => (await cloud.service(host)).state === 'down');
  const before = await stage.traces();
  expect(await stage.say('alice', `maintenance ${host}`)).toMatch(/down.*evacuate/i);
  expect(await stage.traces()).toMatchObject({ leases: before.leases });
  expect(await story.state(await story.lastJob())).toBe('failed');
  expect(await cloud.service(host)).toMatchObject({ status: 'enabled' });
});
