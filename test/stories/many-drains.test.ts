import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const drains = 50;
let stage: Stage;
let hosts: string[];

// Fifty hosts are more than the lab has.
beforeAll(async () => {
  if (onLab) return;
  stage = await openStage({ simulator: { hosts: drains + 4 }, settings: { pollInterval: 1000 } });
  const { cloud } = stage;
  hosts = [];
  for (let n = 0; n < drains; n += 1) hosts.push(await cloud.ownHost());
  await Promise.all(hosts.map((host, n) => cloud.server(`web-${n}`, host)));
  await cloud.fail('hang', `${cloud.prefix}*`);
});
afterAll(() => stage?.close());

test.skipIf(onLab)('while fifty drains run, a question about a host is answered before any of them ends', async () => {
  const { story } = stage;
  const jobs = await Promise.all(hosts.map(async (host) => (await stage.plan(`maintenance ${host}`)).job));
  await Promise.all(jobs.map((job) => stage.approve(job)));
  await story.until('all run', async () => (await running()) === drains, 60_000);
  const waits: number[] = [];
  for (const host of hosts.slice(0, 5)) {
    const asked = performance.now();
    expect(await stage.say('rita', `host ${host}`)).toContain(host);
    waits.push(performance.now() - asked);
  }
  expect(await running()).toBe(drains);
  // How long it may take is no test's business: a machine that does other things beside it takes longer for all.
  console.info(`the slowest of ${waits.length} answers took ${Math.max(...waits).toFixed(0)} ms`);
});

async function running(): Promise<number> {
  const { rows } = stage.story.database;
  const moving = rows.selectFrom('step').innerJoin('job', 'job.id', 'step.job').where('job.state', '=', 'running');
  return (await moving.select('step.job').where('step.name', '=', 'move').where('step.state', '=', 'running').execute())
    .length;
}
