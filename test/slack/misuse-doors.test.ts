import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSlack } from '../../adapters/slack/slack.ts';
import type { Adapter, Message } from '../../src/chat/message.ts';
import type { Person } from './fake/person.ts';
import type { FakeSlack } from './fake/slack.ts';
import { isUp, slackOptions, startManifestSlack } from './ops.ts';

let slack: FakeSlack;
let adapter: Adapter;
let alice: Person;
let robot: Person;
let heard: Message[];

async function open(mode: 'socket' | 'http'): Promise<void> {
  slack = await startManifestSlack({ mode, pace: 0.001 });
  [alice, robot] = [slack.person('alice'), slack.person('robot', { bot: true })];
  slack.channel('ops');
  heard = [];
  const options = await slackOptions(slack, mode);
  adapter = createSlack(options);
  await adapter.start(async (message) => void heard.push(message));
  await isUp(slack, adapter, options);
}

async function close(): Promise<void> {
  await adapter?.stop();
  await slack?.close();
}

/** After all of it vigie still hears who speaks plainly. */
async function hearsOnly(...texts: string[]): Promise<void> {
  alice.say('ops', '!hosts');
  await slack.delivery.quiet();
  expect(heard.map(({ text }) => text)).toEqual([...texts, '!hosts']);
}

describe('lines that are none', () => {
  beforeAll(() => open('socket'), 30_000);
  afterAll(close);
  beforeEach(() => void heard.splice(0));

  const lines: [string, () => void][] = [
    ['a line that was edited into a command', () => alice.edit(alice.say('ops', 'good morning'), '!jobs')],
    ['a line that was deleted', () => alice.remove(alice.say('ops', 'good morning'))],
    ['another bot', () => robot.say('ops', '!jobs')],
    ['an old integration', () => robot.say('ops', '!jobs', { subtype: 'bot_message' })],
    ['a reminder of Slack itself', () => alice.say('ops', '!jobs', { subtype: 'reminder_add' })],
    ['a new topic that reads like a command', () => alice.say('ops', '!jobs', { subtype: 'channel_topic' })],
    ['somebody who comes in', () => alice.say('ops', '!jobs', { subtype: 'channel_join' })],
    ['a prefix alone, in other words', () => alice.say('ops', 'well !jobs')],
    ['a mention in the middle of a sentence', () => alice.say('ops', 'ask @vigie for !jobs')],
    ['the mention of somebody else', () => alice.say('ops', '@robot jobs')],
    ['vigie that leaves and comes back', () => [alice.removes('ops'), alice.invites('ops')]],
  ];
  test.each(lines)('%s says nothing', async (_what, say) => {
    say();
    await slack.delivery.quiet();
    await hearsOnly();
  });

  test('what vigie itself says is no line, though it begins like one', async () => {
    const place = {
      adapter: 'slack',
      id: `slack:${slack.team}/${alice.say('ops', 'well').channel}`,
      kind: 'channel' as const,
    };
    await adapter.post(place, { title: '!jobs', tone: 'plain', blocks: [] }, { key: 'own', weight: 'news' });
    await hearsOnly();
  });

  test('the slash command in a conversation that vigie is not in is answered between the two of them', async () => {
    slack.channel('bob-and-alice', { private: true, invited: false });
    expect(await alice.slash('/vigie', 'jobs', 'bob-and-alice')).toBe('done');
    const direct = alice.readsDm();
    expect(direct).toEqual([]);
    expect(heard.map(({ place, text }) => [place.kind, text])).toEqual([['direct', '!jobs']]);
    await alice.sees('bob-and-alice', ({ ephemeral, text }) => ephemeral && /direct messages/.test(text));
  });

  test('the same envelope, and the same event with another number, are one line', async () => {
    alice.say('ops', '!jobs');
    await slack.delivery.quiet();
    const [event] = slack.delivered.slice(-1);
    if (event === undefined) throw new Error('nothing was told');
    for (const retry of [0, 1, 3]) await slack.delivery.again(event, retry);
    expect(new Set(heard.map(({ key }) => key)).size).toBe(1);
  });
});

describe('payloads that make no sense', () => {
  beforeAll(() => open('socket'), 30_000);
  afterAll(close);
  beforeEach(() => void heard.splice(0));

  const pressed = (more: object) => ({
    type: 'block_actions',
    user: { id: alice.id, team_id: slack.team },
    channel: { id: 'C0' },
    trigger_id: '1.1',
    ...more,
  });
  const button = { action_id: 'say:0', value: '!jobs', action_ts: '1.1' };
  const presses: [string, () => object][] = [
    ['nothing at all', () => ({})],
    ['a press without a button', () => pressed({ actions: [] })],
    ['a press on a button of another kind', () => pressed({ actions: [{ action_id: 'other', value: '!jobs' }] })],
    ['a press on a button without a line', () => pressed({ actions: [{ action_id: 'say:0' }] })],
    ['a press whose line is a number', () => pressed({ actions: [{ ...button, value: 7 }] })],
    ['a press by nobody', () => ({ ...pressed({ actions: [button] }), user: null })],
    ['a press by somebody Slack does not know', () => pressed({ actions: [button], user: { id: 'U0NOBODY' } })],
    ['a form that vigie never opened', () => pressed({ type: 'view_submission', view: { id: 'V1' } })],
    ['a shortcut that vigie does not have', () => pressed({ type: 'message_action', callback_id: 'x' })],
  ];
  test.each(presses)('%s: received, and nothing is said', async (_what, payload) => {
    const answer = await slack.delivery.once('interactive', { trigger_id: '1.1', ...payload() });
    expect(answer.acked).toBe(true);
    expect(heard.filter(({ from }) => from.account !== null)).toEqual([]);
  });

  const events: [string, object][] = [
    ['without a kind', {}],
    ['of an unknown kind', { type: 'huddle_thread_created', user: 'U1' }],
    ['a message without text', { type: 'message', channel: 'C0', user: 'U1', ts: '1.1' }],
    ['a message without its time', { type: 'message', channel: 'C0', user: 'U1', text: '!jobs' }],
    ['a message whose text is a list', { type: 'message', channel: 'C0', user: 'U1', ts: '1.1', text: ['!jobs'] }],
    ['a mark on a file', { type: 'reaction_added', user: 'U1', reaction: '+1', item: { type: 'file' }, event_ts: '1' }],
    ['a mark on nothing', { type: 'reaction_added', user: 'U1', reaction: '+1', event_ts: '1' }],
    ['the messages tab of the app', { type: 'app_home_opened', user: 'U1', tab: 'messages', event_ts: '1' }],
  ];
  test.each(events)('an event, %s: received, and nothing is said', async (_what, event) => {
    const payload = { type: 'event_callback', event_id: 'Ev1', team_id: slack.team, event };
    expect((await slack.delivery.once('events_api', payload)).acked).toBe(true);
    expect(heard).toEqual([]);
  });

  test('an envelope without an event is received, and ends nothing', async () => {
    const told = slack.delivery.once('events_api', { type: 'event_callback' });
    await hearsOnly();
    expect((await told).acked).toBe(true);
  });

  test("an envelope that Slack's own client cannot read ends nothing", async () => {
    const told = slack.delivery.once('events_api', { type: 'event_callback', event: null });
    await hearsOnly();
    expect((await told).acked).toBe(false);
  });
});

describe('requests that Slack did not make', () => {
  beforeAll(() => open('http'), 30_000);
  afterAll(close);
  beforeEach(() => void heard.splice(0));

  const said = () => ({
    type: 'event_callback',
    event_id: 'Ev1',
    team_id: slack.team,
    event: { type: 'message', channel: 'C0', channel_type: 'channel', user: alice.id, ts: '9.1', text: '!jobs' },
  });
  const typed = () => ({ command: '/vigie', text: 'jobs', user_id: alice.id, channel_id: 'C0', trigger_id: '1.1' });
  const minutes = (n: number) => Math.floor(Date.now() / 1000) + n * 60;

  test.each([
    ['an event', 'events_api'],
    ['a press', 'interactive'],
    ['a slash command', 'slash_commands'],
  ] as const)('%s with a forged signature is turned away, and one with none', async (_what, kind) => {
    const payload = kind === 'slash_commands' ? typed() : said();
    expect(await slack.post(payload, { kind, secret: 'guess' })).toBe(401);
    expect(await slack.post(payload, { kind, unsigned: true })).toBe(401);
    expect(heard).toEqual([]);
  });

  test('too many events within an hour: Slack says so, and so does vigie', async () => {
    const payload = { type: 'app_rate_limited', team_id: slack.team, minute_rate_limited: 1518467820 };
    expect(await slack.post({ ...payload, team_id: 'T0OTHER' })).toBe(200);
    expect(adapter.problem?.()).toBeNull();
    expect(await slack.post(payload)).toBe(200);
    expect(adapter.problem?.()).toMatch(/held events back at 20:37 UTC/);
    expect(heard).toEqual([]);
  });

  test('a signature of five minutes ago is turned away', async () => {
    expect(await slack.post(said(), { timestamp: minutes(-6) })).toBe(401);
    expect(heard).toEqual([]);
  });

  test('a signature that was made for something else is turned away', async () => {
    const forged = JSON.stringify({ ...said(), event_id: 'Ev2' });
    expect(await slack.post(said(), { body: forged, signed: JSON.stringify(said()) })).toBe(401);
    expect(heard).toEqual([]);
  });

  test('a request that is recorded and sent again is the same line', async () => {
    const timestamp = minutes(0);
    expect(await slack.post(said(), { timestamp })).toBe(200);
    expect(await slack.post(said(), { timestamp })).toBe(200);
    expect(new Set(heard.map(({ key }) => key)).size).toBe(1);
  });

  test.each([
    ['no JSON', 'events_api', '{"type":'],
    ['nothing', 'events_api', ''],
    ['a list', 'events_api', '[]'],
    ['a press that is no JSON', 'interactive', 'payload=%7Boops'],
    ['a form without a payload', 'interactive', 'a=b'],
  ] as const)('a signed request with %s ends nothing', async (_what, kind, body) => {
    await slack.post({}, { kind, body }).catch(() => 0);
    await hearsOnly();
  });

  test('a request to another address is not found, and what is no POST neither', async () => {
    const address = slack.address();
    expect((await fetch(new URL('/admin', address), { method: 'POST' })).status).toBe(404);
    expect((await fetch(address)).status).toBe(404);
    await hearsOnly();
  });
});
