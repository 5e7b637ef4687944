import { describe, expect, test } from 'vitest';
import { type Heard, slackWith, socket, web } from './fake/clients.ts';

describe('the Web API, through the real client', () => {
  test('posts, edits and answers in a thread are what people read', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    const { id } = slack.channel('#ops');
    const client = web(slack);
    expect(await client.auth.test()).toMatchObject({ ok: true, team_id: slack.team, user_id: slack.botUser });
    const { ts = '' } = await client.chat.postMessage({
      channel: id,
      text: 'a &lt; b',
      metadata: { event_type: 'v', event_payload: { key: 'k1' } },
    });
    await client.chat.update({ channel: id, ts, text: 'edited' });
    await client.chat.postMessage({ channel: id, text: 'answer', thread_ts: ts });
    await client.chat.postEphemeral({ channel: id, user: alice.id, text: 'for alice' });
    expect(alice.reads('#ops').map(({ text }) => text)).toEqual(['edited', 'answer', 'for alice']);
    expect(
      slack
        .person('bob')
        .reads('#ops')
        .map(({ text }) => text),
    ).toEqual(['edited', 'answer']);
    const history = await client.conversations.history({ channel: id, include_all_metadata: true });
    expect(history.messages).toMatchObject([{ ts, metadata: { event_payload: { key: 'k1' } } }]);
  });

  test('a lost reply with default retries is two messages', async () => {
    const slack = await slackWith();
    const { id } = slack.channel('#ops');
    slack.order({ method: 'chat.postMessage', fault: 'lost-reply' });
    await web(slack, { retryConfig: { retries: 1, minTimeout: 1 } }).chat.postMessage({ channel: id, text: 'twice' });
    expect(slack.person('alice').reads('#ops')).toHaveLength(2);
  });

  test('a file appears where it was shared, and only with the length it was announced with', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    const { id } = slack.channel('#ops');
    await web(slack).filesUploadV2({ channel_id: id, filename: 'log.txt', content: 'häl', initial_comment: 'the log' });
    expect((await alice.sees('#ops', /log\.txt/)).text).toContain('the log');
  });
});

describe('Socket Mode, through the real client', () => {
  test('a typed line arrives encoded, a mention twice, and what is acknowledged is recorded', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    slack.channel('#ops');
    const heard: Heard[] = [];
    await socket(slack, async (event) => {
      heard.push(event);
      await event.ack();
    });
    alice.mention('#ops', '!drain cmp1.example.com & <x>');
    await slack.delivery.quiet();
    expect(heard.map(({ body }) => (body['event'] as { type: string }).type)).toEqual(['message', 'app_mention']);
    expect(heard[0]?.body).toMatchObject({
      event: { text: `<@${slack.botUser}> !drain <http://cmp1.example.com|cmp1.example.com> &amp; &lt;x&gt;` },
    });
    expect(slack.delivered.every(({ acked }) => acked !== null)).toBe(true);
  });

  test('a command is answered by its acknowledgement, and a click brings its button', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    const { id } = slack.channel('#ops');
    const pressed: unknown[] = [];
    await socket(slack, async ({ type, body, ack }) => {
      if (type === 'interactive') pressed.push(body['actions']);
      await ack(type === 'slash_commands' ? { text: `heard ${body['text']}` } : undefined);
    });
    expect(await alice.slash('/vigie', 'help', '#ops')).toBe('done');
    const button = {
      type: 'button',
      text: { type: 'plain_text', text: 'Approve' },
      action_id: 'say',
      value: '!approve 7f3a',
    };
    await web(slack).chat.postMessage({
      channel: id,
      text: 'plan',
      blocks: [{ type: 'actions', elements: [button] }] as never,
    });
    expect(await alice.click(await alice.sees('#ops', /Approve/), 'Approve')).toBe('done');
    expect(pressed).toMatchObject([[{ action_id: 'say', value: '!approve 7f3a', type: 'button' }]]);
    expect(alice.reads('#ops')[0]).toMatchObject({ text: 'heard help', ephemeral: true });
  });

  test('what is not acknowledged comes again with a retry number', async () => {
    const slack = await slackWith({ patience: 50, pace: 0.001 });
    const alice = slack.person('alice');
    slack.channel('#ops');
    const retries: unknown[] = [];
    await socket(slack, async ({ retry_num, ack }) => {
      retries.push(retry_num);
      if (retry_num === 2) await ack();
    });
    alice.say('#ops', '!help');
    await slack.delivery.quiet();
    expect(retries).toEqual([0, 1, 2]);
  });
});
