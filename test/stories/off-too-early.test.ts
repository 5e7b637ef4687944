import { afterEach, expect, test, vi } from 'vitest';
import { openStage, type Stage, wordsOf } from './stage.ts';

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

  // Who went where is told at its end: no number before.
  expect(await status(host)).toEqual({ replies: [`!cancel ${job}`], movedAway: false });

  await stage.say('alice', `cancel ${job} --now`);
  await stage.ended(job);
  expect(await status(host)).toEqual({ replies: [`!maintenance ${host} off --cloud demo`], movedAway: true });
  await cloud.migrationSeconds(1);
  expect((await stage.run(`maintenance ${host} off`)).state).toBe('done');
  expect(await cloud.service(host)).toMatchObject({ status: 'enabled' });
});

async function status(host: string) {
  const report = await stage.story.say('rita', `!maintenance ${host} status`);
  return { replies: report.replies?.map(({ line }) => line), movedAway: wordsOf(report).includes('moved away') };
}
