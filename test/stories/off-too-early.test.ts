import { afterEach, expect, test, vi } from 'vitest';
import { openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage?.close());

test('off before a drain has begun, or while it runs, names the drain and what stops it', async () => {
  stage = await openStage();
  const { cloud, story } = stage;
  const host = await cloud.ownHost();
  await cloud.ownHost();
  await cloud.servers(3, host);
  await cloud.migrationSeconds(60);
  expect(await stage.say('alice', `maintenance ${host} off`)).toContain('there is nothing to undo');

  const { job } = await stage.plan(`maintenance ${host}`);
  expect(await stage.say('carol', `maintenance ${host} off`)).toMatch(
    new RegExp(`maintenance ${host} \\(${job}, by alice\\) waits for approval: .cancel ${job}. stops it`),
  );
  await stage.approve(job);
  await story.until('it runs', async () => (await cloud.service(host)).status === 'disabled', 60_000);
  expect(await stage.say('carol', `maintenance ${host} off`)).toMatch(
    new RegExp(`\\(${job}, by alice\\) is running: .cancel ${job}. stops it; then .maintenance ${host} off. opens`),
  );

  await stage.say('alice', `cancel ${job} --now`);
  await stage.ended(job);
  await cloud.migrationSeconds(1);
  expect((await stage.run(`maintenance ${host} off`)).state).toBe('done');
  expect(await cloud.service(host)).toMatchObject({ status: 'enabled' });
});
