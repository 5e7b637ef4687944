import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Click } from '../../adapters/slack/envelopes.ts';
import { createSlack } from '../../adapters/slack/slack.ts';
import type { Adapter, Message } from '../../src/chat/message.ts';
import { web } from './fake/clients.ts';
import type { Person } from './fake/person.ts';
import type { Seen } from './fake/seen.ts';
import type { FakeSlack } from './fake/slack.ts';
import { isUp, slackOptions, startManifestSlack } from './ops.ts';

let slack: FakeSlack;
let adapter: Adapter;
let bob: Person;
let heard: Message[];

beforeEach(async () => {
  slack = await startManifestSlack({ pace: 0.001 });
  bob = slack.person('bob');
  slack.channel('ops');
  heard = [];
  const options = await slackOptions(slack, 'socket');
  adapter = createSlack(options);
  await adapter.start(async (message) => void heard.push(message));
  await isUp(slack, adapter, options);
});
afterEach(async () => {
  await adapter?.stop();
  await slack?.close();
});

const channel = () => [...slack.workspace.channels.values()].find(({ name }) => name === 'ops');

/** Something of vigie's with two buttons, which change what they stand for but not their place. */
async function card(lines: readonly string[] = ['!approve 7f3a', '!deny 7f3a']): Promise<Seen> {
  const place = { adapter: 'slack', id: `slack:${slack.team}/${channel()?.id}`, kind: 'channel' as const };
  const replies = lines.map((line) => ({ label: line, line }));
  const report = { title: `card ${lines[0]}`, tone: 'plain' as const, blocks: [], replies };
  const { handle } = await adapter.post(place, report, { key: `card:${lines[0]}`, weight: 'news' });
  return bob.sees('ops', ({ ts }) => ts === handle);
}

/** Told by Slack, whatever became of it meanwhile. */
function told(event: object, more: object = {}): Promise<unknown> {
  const [any] = slack.delivered.filter(({ kind }) => kind === 'events_api');
  if (any === undefined) throw new Error('Slack has told nothing yet');
  return slack.delivery.again({ ...any, payload: { ...any.payload, event, ...more }, attempts: [] });
}

function marking(type: 'reaction_added' | 'reaction_removed', on: Seen) {
  const item = { type: 'message', channel: on.channel, ts: on.ts };
  return { type, user: bob.id, reaction: '+1', item, item_user: slack.botUser, event_ts: slack.workspace.clock.ts() };
}

describe('marks', () => {
  const marks = () => heard.flatMap(({ reaction }) => (reaction === undefined ? [] : [reaction]));

  test('a mark that Slack tells of after it was taken away is none', async () => {
    const on = await card();
    await told(marking('reaction_removed', on));
    await told(marking('reaction_added', on));
    expect(marks().filter(({ withdrawn }) => !withdrawn)).toEqual([]);
  });

  test('of two marks that say yes one may go; with the last the vote goes', async () => {
    const on = await card();
    bob.react(on, '✅');
    bob.react(on, '👍');
    await slack.delivery.quiet();
    bob.unreact(on, '✅');
    await slack.delivery.quiet();
    expect(marks().map(({ withdrawn }) => withdrawn)).toEqual([false, false]);
    bob.unreact(on, '👍');
    await slack.delivery.quiet();
    expect(marks().map(({ withdrawn }) => withdrawn)).toEqual([false, false, true]);
  });

  test('where Slack does not tell which marks stand it tells them again, and then they count', async () => {
    const on = await card();
    slack.order({ method: 'reactions.get', fault: { error: 'internal_error' } });
    bob.react(on, '👍');
    await slack.delivery.quiet();
    expect(marks()).toHaveLength(1);
  });

  test('where nobody knows reactions.get the message itself tells which marks stand', async () => {
    const on = await card();
    slack.order({ method: 'reactions.get', fault: { error: 'unknown_method' }, times: 9 });
    bob.react(on, '❌');
    await slack.delivery.quiet();
    expect(marks()).toMatchObject([{ choice: 'deny', withdrawn: false }]);
    await told(marking('reaction_added', on));
    expect(marks()).toHaveLength(1);
    bob.unreact(on, '❌');
    await slack.delivery.quiet();
    expect(marks()).toMatchObject([{ withdrawn: false }, { withdrawn: true }]);
    expect(adapter.problem?.()).toBeNull();
  });

  test('what reactions.get says without a message says nothing of the marks', async () => {
    const on = await card();
    bob.react(on, '👍');
    await slack.delivery.quiet();
    slack.order({ method: 'reactions.get', fault: { answer: { type: 'message' } } });
    await told(marking('reaction_added', on));
    expect(marks().map(({ withdrawn }) => withdrawn)).toEqual([false, false]);
  });

  test('where the message does not tell it either a mark is believed as it is told, and the health says so', async () => {
    const on = await card();
    slack.order({ method: 'reactions.get', fault: { error: 'unknown_method' }, times: 2 });
    await told(marking('reaction_added', on));
    await told(marking('reaction_removed', on));
    expect(marks().map(({ withdrawn }) => withdrawn)).toEqual([false, true]);
    expect(adapter.problem?.()).toMatch(/one that is told late may count/);
    bob.react(on, '👍');
    await slack.delivery.quiet();
    expect(marks().map(({ withdrawn }) => withdrawn)).toEqual([false, true, false]);
    expect(adapter.problem?.()).toBeNull();
  });
});

test('what was said before and becomes a mention when it is edited is no line', async () => {
  const said = bob.say('ops', 'good morning');
  bob.edit(said, '@vigie hosts');
  await slack.delivery.quiet();
  expect(slack.delivered.some(({ payload }) => JSON.stringify(payload['event']).includes('"app_mention"'))).toBe(true);
  expect(heard).toEqual([]);
});

test('what another installation is told is not for this one; a shared channel is, whichever workspace it is of', async () => {
  const on = await card();
  bob.say('ops', 'well');
  await slack.delivery.quiet();
  const elsewhere = { team_id: 'T2', authorizations: [{ team_id: 'T2' }] };
  const said = { type: 'message', user: bob.id, text: '!hosts', channel: on.channel };
  bob.react(on, '👍');
  await slack.delivery.quiet();
  expect(heard).toHaveLength(1);
  await told(marking('reaction_added', on), elsewhere);
  await told({ ...said, ts: '9.1' }, elsewhere);
  await told({ ...said, ts: '9.2' }, { team_id: 'T2', context_team_id: null, authorizations: [] });
  expect(heard).toHaveLength(1);
  const organisation = [{ team_id: null, enterprise_id: 'E1', is_enterprise_install: true }];
  await told({ ...said, ts: '9.21' }, { team_id: 'T2', context_team_id: 'T2', authorizations: organisation });
  expect(heard).toHaveLength(1);
  await told({ ...said, ts: '9.22' }, { team_id: 'T2', authorizations: organisation });
  expect(heard.splice(1)).toHaveLength(1);
  await told({ ...said, ts: '9.3', team: 'T2' }, { team_id: 'T2' });
  expect(heard.at(-1)?.from.account).toBeNull();
  await told({ ...said, ts: '9.4', team: slack.team }, { team_id: 'T2' });
  expect(heard.at(-1)?.from.account).toBe(`slack:${bob.account}`);
});

test('what is not told, or told as null, is missed by nobody', async () => {
  const on = await card();
  bob.say('ops', 'well');
  await slack.delivery.quiet();
  const nothing = { subtype: null, bot_id: null, thread_ts: null, hidden: null, edited: null, team: null };
  const bare = { event_id: null, context_team_id: null, authorizations: null, event_context: null, team_id: undefined };
  const said = { type: 'message', user: bob.id, text: '!hosts', channel: on.channel };
  await told({ ...said, ...nothing, ts: '9.1', channel_type: null }, bare);
  await told({ ...said, ts: '9.2' }, bare);
  expect(heard.map(({ text, from }) => [text, from.account])).toEqual(
    ['!hosts', '!hosts'].map((text) => [text, `slack:${bob.account}`]),
  );
  await told({ type: 'message', user: bob.id, text: null, channel: on.channel, ts: '9.3' });
  expect(heard).toHaveLength(2);
});

test.each([{ item_user: undefined }, { item_user: null }, { item_user: 'B0VIGIE' }])(
  'whose card it is that was marked need not be told so: %o',
  async (author) => {
    const on = await card();
    bob.react(on, '👍');
    await slack.delivery.quiet();
    await told({ ...marking('reaction_added', on), ...author });
    expect(heard.map(({ reaction }) => reaction?.choice)).toEqual(['approve', 'approve']);
    await told({ ...marking('reaction_added', on), item_user: 'U0OTHER' });
    expect(heard).toHaveLength(2);
  },
);

test('who was deactivated a moment ago decides nothing any more', async () => {
  const [on] = [await card(), bob.say('ops', '!hosts')];
  await expect.poll(() => heard.length).toBe(1);
  expect(heard[0]?.from.account).not.toBeNull();
  Object.assign(bob.user, { deleted: true });
  // Older than what one double click may share.
  await new Promise((resolve) => setTimeout(resolve, 3100));
  await bob.click(on, '!approve 7f3a');
  bob.react(on, '👍');
  bob.say('ops', '!approve 7f3a');
  await slack.delivery.quiet();
  expect(heard.slice(1).map(({ from }) => from.account)).toEqual([null, null, null]);
});

test('what one person alone is told stands in a thread only where somebody has answered there', async () => {
  const place = { adapter: 'slack', id: `slack:${slack.team}/${channel()?.id}`, kind: 'channel' as const };
  const alone = { weight: 'answer' as const, aside: `slack:${bob.account}` };
  const tell = (title: string, replyTo: string) =>
    adapter.post(place, { title, tone: 'plain', blocks: [] }, { key: title, ...alone, replyTo });
  const fresh = bob.say('ops', '!cancel');
  await slack.delivery.quiet();
  await tell('beneath', fresh.ts);
  expect((await bob.sees('ops', /beneath/)).thread).toBeUndefined();
  const answered = bob.say('ops', 'shall we?');
  bob.say('ops', 'yes', { thread: answered });
  await slack.delivery.quiet();
  await tell('within', answered.ts);
  expect((await bob.sees('ops', /within/)).thread).toBe(answered.ts);
  // As another bot does that speaks here for a while.
  await web(slack).chat.postMessage({ channel: channel()?.id ?? '', text: 'done', thread_ts: fresh.ts });
  adapter.forget?.();
  await tell('later', fresh.ts);
  expect((await bob.sees('ops', /later/)).thread).toBe(fresh.ts);
  const elsewhere = bob.say('ops', 'said while vigie was away', { subtype: 'reminder_add' });
  await tell('apart', elsewhere.ts);
  expect((await bob.sees('ops', /apart/)).thread).toBeUndefined();
});

test('of an organisation with several workspaces those count who are in this one', async () => {
  Object.assign(bob.user, { team: 'T0HOME', teams: ['T0HOME', slack.team] });
  bob.say('ops', '!hosts');
  await slack.delivery.quiet();
  expect(heard.map(({ from }) => from.account)).toEqual([`slack:${slack.team}/${bob.id}`]);
});

describe('presses', () => {
  test.each<[string, object]>([
    ['without a message, as on what one person alone is shown', { message: null }],
    ['of a channel that only its container names', { channel: null }],
    ['without an address for an answer', { response_url: null, view: null }],
  ])('%s', async (_what, less) => {
    const on = await card();
    await bob.click(on, '!approve 7f3a');
    await pressedAgain({ action_ts: '9.1' }, less);
    expect(heard.map(({ text, place }) => [text, place.id])).toEqual(
      [1, 2].map(() => ['!approve 7f3a', `slack:${slack.team}/${on.channel}`]),
    );
    expect(new Set(heard.map(({ key }) => key.replace(/\d+$/, ''))).size).toBe(1);
  });

  test('whose workspace only the envelope tells: of another one nobody counts', async () => {
    await bob.click(await card(), '!approve 7f3a');
    await pressedAgain({ action_ts: '9.1' }, { user: { id: bob.id }, team: { id: 'T2' } });
    await pressedAgain({ action_ts: '99.1' }, { user: { id: bob.id }, team: null });
    expect(heard.map(({ from }) => from.account)).toEqual([`slack:${bob.account}`, null, `slack:${bob.account}`]);
  });

  async function pressedAgain(changed: object, more: object = {}): Promise<void> {
    const payload = slack.delivered.find(({ kind }) => kind === 'interactive')?.payload ?? {};
    const [action] = Click.parse(payload).actions;
    await slack.delivery.once('interactive', { ...payload, ...more, actions: [{ ...action, ...changed }] });
  }

  test('one button may stand for another line a moment later', async () => {
    await bob.click(await card(['!answer 7f3a a']), '!answer 7f3a a');
    const [first] = heard;
    await pressedAgain({ value: '!approve 9c1d' });
    expect(heard.map(({ text }) => text)).toEqual(['!answer 7f3a a', '!approve 9c1d']);
    await pressedAgain({});
    expect(heard).toHaveLength(2);
    expect(heard[1]?.key).not.toBe(first?.key);
  });

  test.each([
    ['10.950', '11.050', true],
    ['10.450', '10.550', true],
    ['10.100', '10.200', true],
    ['10.100', '13.200', false],
  ])('pressed at %s and %s, whoever heard it: one line? %s', async (one, two, same) => {
    await bob.click(await card(), '!approve 7f3a');
    for (const action_ts of [one, two]) await pressedAgain({ action_ts });
    // What this process has in rows it does not hear again.
    const [first, second = first] = heard.slice(1).map(({ key, before }) => [key, before]);
    expect(first?.some((key) => second?.includes(key))).toBe(same);
  });
});
