import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/chat/report.ts';
import { HostName, type ServerId } from '../../src/openstack/names.ts';
import { openTestCloud, type TestCloud } from '../clouds.ts';
import { openStory, type Story } from '../story.ts';

const host = HostName.parse('vgdrain1');
let demo: TestCloud;
let story: Story;

beforeAll(async () => {
  demo = await openTestCloud();
  await demo.backstage.host(host);
  story = await openStory({ clouds: { demo: async () => demo.connect() } });
});

afterAll(async () => {
  await story?.stop();
  await demo?.close();
});

function textOf(report: Report): string {
  return JSON.stringify([report.title, report.blocks, report.replies]);
}

/** Says the line, has bob approve, and waits for the job's end: its last card. */
async function drain(line: string): Promise<Report> {
  const plan = await story.say('alice', line);
  const job = await story.lastJob();
  await story.say('bob', `!approve ${job}`);
  await story.until(
    'the drain ends',
    async () => ['done', 'partial', 'failed', 'cancelled'].includes(await story.state(job)),
    120_000,
  );
  await story.until('its card says so', () => story.card(job)?.title !== plan.title, 10_000);
  return story.card(job) ?? plan;
}

describe('a host with servers in every state', () => {
  const ids: Record<string, ServerId> = {};

  test('what can move has moved, the rest is listed with the reason', async () => {
    ids['live'] = await demo.boot('vg-live', host);
    ids['stopped'] = await demo.boot('vg-stopped', host, 'SHUTOFF');
    ids['paused'] = await demo.boot('vg-paused', host, 'PAUSED');
    ids['broken'] = await demo.boot('vg-broken', host, 'ERROR');
    await demo.act(ids['live'], { lock: { locked_reason: 'hands off' } });

    const report = await drain(`!maintenance ${host} --reason fans`);

    expect(report.title).toBe(`${host} is not empty: 1 of 4 left`);
    expect(textOf(report)).toContain('vg-broken');
    expect(await story.state(await story.lastJob())).toBe('partial');
    const live = await demo.cloud.server(ids['live']);
    expect(live.host).not.toBe(host);
    expect(live.lockedReason).toBe('hands off');
    const stopped = await demo.cloud.server(ids['stopped']);
    expect([stopped.host === host, stopped.status]).toEqual([false, 'SHUTOFF']);
    const paused = await demo.cloud.server(ids['paused']);
    expect([paused.host === host, paused.status]).toEqual([false, 'PAUSED']);
    expect((await demo.cloud.server(ids['broken'])).host).toBe(host);
  });

  test('the host says who closed it and why, until off enables it again', async () => {
    const closed = await demo.cloud.computeService(host);
    expect(closed?.status).toBe('disabled');
    expect(closed?.disabledReason).toMatch(/^vigie \w+ by alice: fans$/);
    expect(textOf(await story.say('rita', `!maintenance ${host} status`))).toContain('vg-broken');
    expect(textOf(await story.say('rita', '!maintenance list'))).toContain(host);

    await story.say('alice', `!maintenance ${host} off`);
    expect((await demo.cloud.computeService(host))?.status).toBe('enabled');
  });
});
