import { afterAll, beforeAll, expect, test } from 'vitest';
import { ratesTimes } from '../../adapters/slack/rates.ts';
import { createSlack } from '../../adapters/slack/slack.ts';
import { type Adapter, Later, type Place, type Receipt } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import type { FakeSlack } from './fake/slack.ts';
import { isUp, slackOptions, startManifestSlack } from './ops.ts';

/** Real rates with `--times 8`; the short form has Slack and vigie go so many times faster. */
const factor = Math.max(1, 8 / Number(process.env['VIGIE_TIMES'] ?? 1));
const jobs = 40;

let slack: FakeSlack;
let adapter: Adapter;

beforeAll(async () => {
  slack = await startManifestSlack({ rates: factor });
  const options = { ...(await slackOptions(slack, 'socket')), rates: ratesTimes(factor) };
  adapter = createSlack(options);
  await adapter.start(async () => undefined);
  await isUp(slack, adapter, options);
}, 120_000);
afterAll(async () => {
  await adapter?.stop();
  await slack?.close();
});

function card(job: number, done: number): Report {
  const end = done === 60;
  return {
    title: end ? `job ${job} is done` : `job ${job}: ${done} of 60 steps`,
    tone: end ? 'good' : 'plain',
    blocks: [],
  };
}

/** One job: posted, then a step every quarter second, told as `deliver` tells it: what is put off is asked again. */
async function work(place: Place, job: number): Promise<number> {
  const key = `card:${job}`;
  const receipt: Receipt = await adapter.post(place, card(job, 0), { key, weight: 'news', phase: 'running' });
  for (let done = 1; done < 60; done += 1) {
    await adapter
      .revise(receipt, card(job, done), null, { key, weight: 'progress', phase: 'running' })
      .catch(async (error: unknown) => {
        if (!(error instanceof Later)) throw error;
      });
    await new Promise((resolve) => setTimeout(resolve, 250 / factor));
  }
  const ended = Date.now();
  await adapter.revise(receipt, card(job, 60), null, { key, weight: 'news', phase: 'ended' });
  return Date.now() - ended;
}

test(`${jobs} jobs report at once: no end is late, nothing is lost, and Slack hardly ever says no`, async () => {
  const places = ['a', 'b', 'c', 'd'].map((name): Place => {
    const { id } = slack.channel(name);
    return { adapter: 'slack', id: `slack:${slack.team}/${id}`, kind: 'channel' };
  });
  const late = await Promise.all(
    Array.from({ length: jobs }, (_, job) => work(places[job % places.length] as Place, job)),
  );
  const shown = [...slack.workspace.channels.values()].flatMap(({ messages }) => messages.map(({ text }) => text));
  expect(shown.filter((text) => /job \d+ is done/.test(text))).toHaveLength(jobs);
  expect(Math.max(...late)).toBeLessThan(60_000 / factor);
  const refused = slack.calls.filter(({ answer }) => answer === '429').length;
  expect(refused).toBeLessThanOrEqual(3);
  expect(slack.calls.filter(({ method }) => method === 'chat.update').length).toBeGreaterThan(jobs);
}, 300_000);
