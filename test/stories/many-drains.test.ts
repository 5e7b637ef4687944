import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { onLab, openStage, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const drains = 50;
let stage: Stage;
let hosts: string[];
/** What vigie asked the cloud for: method and path of each request. */
const asked: string[] = [];

// Fifty hosts are more than the lab has.
beforeAll(async () => {
  if (onLab) return;
  stage = await openStage({ simulator: { hosts: drains + 4 }, settings: { pollInterval: 1000 } });
  const { cloud } = stage;
  hosts = [];
  for (let n = 0; n < drains; n += 1) hosts.push(await cloud.ownHost());
  await Promise.all(hosts.map((host, n) => cloud.server(`web-${n}`, host)));
  await cloud.fail('hang', `${cloud.prefix}*`);
  subscribe('http.server.request.start', note);
});
afterAll(async () => {
  unsubscribe('http.server.request.start', note);
  await stage?.close();
});

/** The simulated cloud is in this process. */
function note(message: unknown): void {
  const { request } = message as { request: IncomingMessage };
  if (request.headers['user-agent'] === 'vigie') asked.push(`${request.method} ${request.url}`);
}

test.skipIf(onLab)(
  'fifty drains that begin at once ask the cloud for little more than fifty that begin alone',
  async () => {
    const { story } = stage;
    const jobs = await Promise.all(hosts.map(async (host) => (await stage.plan(`maintenance ${host}`)).job));
    expect(asked.length).toBeGreaterThan(drains);
    expect(asked.length).toBeLessThan(drains * 25);
    await Promise.all(jobs.map((job) => stage.approve(job)));
    await story.until('all run', async () => (await running()) === drains, 60_000);
    // Each plan counts on every host's room: who holds what of it is read anew only where that changed.
    expect(asked.filter((one) => one.endsWith('/allocations')).length).toBeLessThan(6 * drains);
    // A move on its way is looked at again and again: for as long as it takes.
    const looks = /servers\/[0-9a-f-]{36}|instance_uuid=|os-migrations\?source_compute=/;
    expect(asked.filter((one) => !looks.test(one)).length).toBeLessThan(drains * 50);
  },
);

test.skipIf(onLab)('while they run, a question about a host is answered before any of them ends', async () => {
  // How soon is no test's business, a machine may do other things: `bench/run beside` tells it.
  for (const host of hosts.slice(0, 5)) expect(await stage.say('rita', `host ${host}`)).toContain(host);
  expect(await running()).toBe(drains);
});

async function running(): Promise<number> {
  const { rows } = stage.story.database;
  const moving = rows.selectFrom('step').innerJoin('job', 'job.id', 'step.job').where('job.state', '=', 'running');
  return (await moving.select('step.job').where('step.name', '=', 'move').where('step.state', '=', 'running').execute())
    .length;
}
