import { afterAll, beforeAll, expect, test } from 'vitest';
import { ratesTimes } from '../../adapters/slack/rates.ts';
import { createSlack } from '../../adapters/slack/slack.ts';
import type { Adapter } from '../../src/chat/message.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import type { FakeSlack } from './fake/slack.ts';
import type { Message } from './fake/state.ts';
import { isUp, slackOptions, startManifestSlack } from './ops.ts';

/** Real rates with `--times 8`; the short form has Slack, vigie and the cloud go so many times faster. */
const factor = Math.max(1, 8 / Number(process.env['VIGIE_TIMES'] ?? 1));
/** A minute of Slack's, the sweep of the deliveries, and what a busy machine takes. */
const mostLate = Math.max(15_000, 60_000 / factor + 5000);
/** Before its end no card may tell of it; two clocks round. */
const rounding = 1000;
const jobs = 40;
const guests = 4;
const channels = ['east', 'west', 'north', 'south'];

let slack: FakeSlack;
let adapter: Adapter;
let stage: Stage;

beforeAll(async () => {
  slack = await startManifestSlack({ rates: factor });
  const [alice, bob] = [slack.person('alice'), slack.person('bob')];
  const places = channels.map((name) => `  'slack:${slack.team}/${slack.channel(name).id}': { cloud: demo }`);
  const policy = `
people:
  alice: { accounts: ['slack:${alice.account}'], roles: [operator] }
  bob: { accounts: ['slack:${bob.account}'], roles: [approver] }
rules:
  - allow: [everyone]
places:
${places.join('\n')}
`;
  const options = { ...(await slackOptions(slack, 'socket')), rates: ratesTimes(factor) };
  adapter = createSlack(options);
  stage = await openStage(
    { simulator: { hosts: 2 * jobs + 8, migrateSeconds: 120 / factor } },
    { policy, adapters: [adapter] },
  );
  await isUp(slack, adapter, options);
}, 120_000);
afterAll(async () => {
  await stage?.close();
  await slack?.close();
});

const isCard = ({ metadata }: Message) => /"card:/.test(JSON.stringify(metadata ?? {}));
const posts = () => [...slack.workspace.channels.values()].flatMap(({ messages }) => messages);
const cards = () => posts().filter(isCard);
const wordsOf = (past: Message['past'][number]) => `${past.text} ${JSON.stringify(past.blocks)}`;
const jobIn = (message: Message) => /"card:(\w+):/.exec(JSON.stringify(message.metadata))?.[1] ?? '';

async function ended(): Promise<ReadonlyMap<string, number>> {
  const rows = await stage.story.database.rows
    .selectFrom('job')
    .select(['id', 'state', 'ended_at'])
    .where('kind', '=', 'change')
    .execute();
  expect(rows.filter(({ state }) => state === 'failed' || state === 'cancelled')).toEqual([]);
  return new Map(rows.flatMap(({ id, ended_at: at }) => (at === null ? [] : [[id, new Date(at).getTime()]])));
}

test(`${jobs} drains at once: every card tells the truth in time and in order, and Slack hardly ever says no`, async () => {
  const { cloud, story } = stage;
  for (let host = 1; host <= jobs; host += 1) await cloud.servers(guests, `cmp${host}`);
  for (let host = 1; host <= jobs; host += 1)
    slack.person('alice').say(channels[host % channels.length] ?? '', `!maintenance cmp${host}`);
  const { rows } = story.database;
  const awaiting = rows.selectFrom('job').select('id').where('state', '=', 'awaiting');
  await story.until('the plans', async () => (await awaiting.execute()).length === jobs, 120_000);
  for (const [n, { id }] of (await awaiting.execute()).entries())
    slack.person('bob').say(channels[n % channels.length] ?? '', `!approve ${id}`);
  await story.until('the ends', async () => (await ended()).size === jobs, 600_000);
  const unsaid = rows.selectFrom('delivery').select('id').where('state', '=', 'waiting');
  await story.until('the last word', async () => (await unsaid.execute()).length === 0, 300_000);

  const ends = await ended();
  expect(cards()).toHaveLength(jobs);
  const keys = posts().flatMap(({ metadata }) => (metadata === undefined ? [] : [JSON.stringify(metadata)]));
  expect(new Set(keys).size).toBe(keys.length);
  for (const card of cards()) {
    const job = jobIn(card);
    const told = card.past.map(wordsOf);
    // What is settled only grows, and the last word is the end.
    const steps = told.flatMap((words) => /[█░]+ (\d+) of \d+/.exec(words)?.[1] ?? []).map(Number);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(told.at(-1)).toContain('is empty');
    const late = (card.past.at(-1)?.at ?? Number.POSITIVE_INFINITY) - (ends.get(job) ?? 0);
    expect(late).toBeGreaterThan(-rounding);
    expect(late).toBeLessThan(mostLate);
    const lines = posts()
      .filter(
        ({ channel, thread, subtype }) => channel === card.channel && thread === card.thread && subtype !== undefined,
      )
      .map(({ text }) => text);
    expect(lines.map((line) => /waits for approval|started|is empty/.exec(line)?.[0])).toEqual([
      'waits for approval',
      'started',
      'is empty',
    ]);
  }
  const moved = cards().filter(({ past }) => past.some((one) => /[█░]+ [1-9]\d* of/.test(wordsOf(one))));
  expect(moved.length).toBeGreaterThan(0);
  expect(slack.calls.filter(({ answer }) => answer === '429').length).toBeLessThanOrEqual(3);
}, 1_200_000);
