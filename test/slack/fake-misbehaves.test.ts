import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HTTPReceiver, LogLevel } from '@slack/bolt';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ends, type Heard, slackWith, socket, web } from './fake/clients.ts';
import type { FakeSlack, SlackOptions } from './fake/slack.ts';

describe('what Slack refuses', () => {
  test('channels: unknown, private, not joined, archived', async () => {
    const slack = await slackWith();
    slack.channel('secret', { private: true, invited: false });
    const joined = slack.channel('away', { invited: false });
    const old = slack.channel('old', { archived: true });
    const secret = slack.channel('hidden', { private: true, invited: false });
    const say = (channel: string) => web(slack).chat.postMessage({ channel, text: 'a' });
    await expect(say('C0NOWHERE')).rejects.toThrow('channel_not_found');
    await expect(say(secret.id)).rejects.toThrow('channel_not_found');
    await expect(say(joined.id)).rejects.toThrow('not_in_channel');
    await expect(say(old.id)).rejects.toThrow('is_archived');
  });

  test('scopes, with what is needed and what is there', async () => {
    const slack = await slackWith({ scopes: ['channels:read'] });
    const { id } = slack.channel('ops');
    await expect(web(slack).chat.postMessage({ channel: id, text: 'a' })).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'chat:write', provided: 'channels:read' },
    });
    const told = await fetch(`${slack.url}auth.test`, {
      method: 'POST',
      headers: { authorization: `Bearer ${slack.botToken}` },
    });
    expect(told.headers.get('x-oauth-scopes')).toBe('channels:read');
  });

  test('tokens: none, wrong, revoked, of the wrong kind; methods there are none of', async () => {
    const slack = await slackWith();
    const client = web(slack);
    await expect(client.auth.test({ token: 'xoxb-other' })).rejects.toThrow('invalid_auth');
    await expect(client.auth.test({ token: slack.appToken })).rejects.toThrow('not_allowed_token_type');
    await expect(client.apiCall('files.upload', {})).rejects.toThrow('unknown_method');
    slack.revoke('bot');
    await expect(client.auth.test()).rejects.toThrow('token_revoked');
    slack.restore('bot');
    await expect(client.auth.test()).resolves.toMatchObject({ ok: true });
  });

  test('edits: of nothing, of others, too long; reactions twice', async () => {
    const slack = await slackWith();
    const channel = slack.channel('ops').id;
    const said = slack.person('alice').say('ops', 'mine');
    const client = web(slack);
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'x'.repeat(4001) });
    await expect(client.chat.update({ channel, ts: '1.1', text: 'a' })).rejects.toThrow('message_not_found');
    await expect(client.chat.update({ channel, ts: said.ts, text: 'a' })).rejects.toThrow('cant_update_message');
    await expect(client.chat.update({ channel, ts, text: 'x'.repeat(4001) })).rejects.toThrow('msg_too_long');
    await expect(client.chat.postMessage({ channel, text: 'x'.repeat(40_001) })).rejects.toThrow('msg_too_long');
    await client.reactions.add({ channel, timestamp: ts, name: 'eyes' });
    await expect(client.reactions.add({ channel, timestamp: ts, name: 'eyes' })).rejects.toThrow('already_reacted');
    await expect(client.reactions.remove({ channel, timestamp: ts, name: 'x' })).rejects.toThrow('no_reaction');
  });

  test('more than a post a second, after a short burst, with when to come again', async () => {
    const slack = await slackWith({ rates: 1 });
    const channel = slack.channel('ops').id;
    const client = web(slack, { rejectRateLimitedCalls: true });
    for (let post = 0; post < 4; post += 1) await client.chat.postMessage({ channel, text: 'a' });
    await expect(client.chat.postMessage({ channel, text: 'a' })).rejects.toMatchObject({ retryAfter: 1 });
    expect(slack.calls.map(({ answer }) => answer)).toEqual(['ok', 'ok', 'ok', 'ok', '429']);
  });

  test('a ping of everybody is recorded, one that is escaped or plain is none', async () => {
    const slack = await slackWith();
    const channel = slack.channel('ops').id;
    const group = slack.group('oncall', [slack.person('alice')]);
    await web(slack).chat.postMessage({
      channel,
      text: '&lt;!channel&gt;',
      blocks: [{ type: 'header', text: { type: 'plain_text', text: '<!here>' } }],
    });
    expect(slack.pings).toEqual([]);
    await web(slack).chat.postMessage({
      channel,
      text: `<!channel> <!subteam^${group}> <@${slack.person('alice').id}>`,
    });
    expect(slack.pings.map(({ whom }) => whom)).toEqual(['!channel', `^${group}`, `@${slack.person('alice').id}`]);
  });

  test('people are what users.info says of them', async () => {
    const slack = await slackWith();
    const info = async (name: string) => (await web(slack).users.info({ user: slack.person(name).id })).user;
    slack.person('gone', { deleted: true });
    slack.person('guest', { restricted: true });
    slack.person('mallory', { stranger: true });
    expect(await info('gone')).toMatchObject({ deleted: true });
    expect(await info('guest')).toMatchObject({ is_restricted: true, is_ultra_restricted: false });
    expect(await info('mallory')).toMatchObject({ is_stranger: true });
    expect((await info('mallory'))?.team_id).not.toBe(slack.team);
  });
});

describe('sockets', () => {
  test('an address serves once, and an eleventh socket is sent away', async () => {
    const slack = await slackWith();
    for (let count = 0; count < 10; count += 1) await socket(slack, () => undefined);
    expect(slack.sockets.open).toBe(10);
    const url = slack.sockets.ticket();
    const words = await new Promise<string>((resolve) => {
      const eleventh = new WebSocket(url);
      eleventh.onmessage = ({ data }) => resolve(String(data));
    });
    expect(words).toContain('too_many_websockets');
    const refused = await new Promise((resolve) => {
      const second = new WebSocket(url);
      second.onerror = () => resolve('refused');
    });
    expect(refused).toBe('refused');
  });

  test('two sockets share what is said; the client comes back from a refresh and from a cut', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    slack.channel('ops');
    const heard = [new Set<string>(), new Set<string>()];
    for (const mine of heard) await socket(slack, hears(mine), { clientPingTimeout: 200 });
    for (let line = 0; line < 20; line += 1) alice.say('ops', `line ${line}`);
    await slack.delivery.quiet();
    expect(heard.map(({ size }) => size).reduce((sum, size) => sum + size)).toBe(20);
    expect(heard.every(({ size }) => size > 0)).toBe(true);
    slack.sockets.announce('refresh_requested');
    await vi.waitFor(() => expect(slack.sockets.opened).toBe(4), 5000);
    slack.sockets.drop();
    await vi.waitFor(() => expect(slack.sockets.opened).toBe(6), 5000);
  });

  test('a frozen socket hears nothing, and the person reads that it timed out', async () => {
    const slack = await slackWith({ patience: 50, pace: 0.001 });
    const alice = slack.person('alice');
    slack.channel('ops');
    await socket(slack, ({ ack }) => ack());
    slack.sockets.freeze();
    expect(await alice.slash('/vigie', 'help', 'ops')).toBe('operation_timeout');
    expect(alice.notices()).toMatchObject([{ what: '/vigie help', error: 'operation_timeout' }]);
    slack.sockets.drop();
    await vi.waitFor(() => expect(slack.sockets.open).toBe(0));
    expect(await alice.slash('/vigie', 'help', 'ops')).toBe('dispatch_failed');
  });

  test('beyond so many events an hour the app is told only that there were too many', async () => {
    const slack = await slackWith({ mostEvents: 2, mode: 'http' });
    const alice = slack.person('alice');
    slack.channel('ops');
    for (let line = 0; line < 4; line += 1) alice.say('ops', 'often');
    const kinds = slack.delivered.map(({ payload }) => payload['type']);
    expect(kinds).toEqual(['event_callback', 'event_callback', 'app_rate_limited']);
  });

  test('copies, out of order, and the same envelope again', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    slack.channel('ops');
    const heard: unknown[] = [];
    await socket(slack, async ({ body, ack }) => {
      heard.push(body['event_id']);
      await ack();
    });
    Object.assign(slack.mischief, { copies: 4, spread: 20, chance: () => 0.9 });
    alice.say('ops', 'often');
    await slack.delivery.quiet();
    const [event] = slack.delivered;
    if (event === undefined) throw new Error('nothing was delivered');
    await slack.delivery.again(event);
    expect(heard).toEqual([event.id, event.id, event.id, event.id, event.id]);
  });
});

describe('over HTTP, to the real receiver', () => {
  test('signed requests are taken, forged and old ones are not', async () => {
    const { slack, heard } = await overHttp({});
    const alice = slack.person('alice');
    slack.channel('ops');
    alice.say('ops', '!help');
    await slack.delivery.quiet();
    expect(heard).toMatchObject([{ event: { text: '!help' } }]);
    expect(await alice.slash('/vigie', 'help', 'ops')).toBe('done');
    const forged = { type: 'event_callback', event: { type: 'message' } };
    expect(await slack.post(forged, { secret: 'guess' })).toBe(401);
    expect(await slack.post(forged, { unsigned: true })).toBe(401);
    expect(await slack.post(forged, { timestamp: Date.now() / 1000 - 400 })).toBe(401);
    expect(heard).toHaveLength(2);
  });

  test('what is answered with an error comes again with its number and reason', async () => {
    const numbers: unknown[] = [];
    const server = createServer((request, response) => {
      numbers.push([request.headers['x-slack-retry-num'], request.headers['x-slack-retry-reason']]);
      response.writeHead(numbers.length < 3 ? 500 : 200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const slack = await slackWith({ mode: 'http', pace: 0.001 });
    ends(() => new Promise((resolve) => server.close(resolve)));
    await slack.requestUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    slack.person('alice');
    slack.channel('ops');
    slack.person('alice').say('ops', '!help');
    await slack.delivery.quiet();
    expect(numbers.slice(1)).toEqual([
      [undefined, undefined],
      ['1', 'http_error'],
    ]);
  });
});

async function overHttp(options: SlackOptions): Promise<{ slack: FakeSlack; heard: unknown[] }> {
  const slack = await slackWith({ ...options, mode: 'http' });
  const heard: unknown[] = [];
  const { signingSecret } = slack;
  const receiver = new HTTPReceiver({ signingSecret, endpoints: '/slack/events', logLevel: LogLevel.ERROR });
  receiver.init({
    processEvent: async ({ body, ack }: { body: unknown; ack: () => Promise<void> }) => {
      heard.push(body);
      await ack();
    },
  } as never);
  const server = (await receiver.start({ port: 0, host: '127.0.0.1' })) as unknown as { address(): AddressInfo };
  ends(() => receiver.stop());
  expect(await slack.requestUrl(`http://127.0.0.1:${server.address().port}/slack/events`)).toBe(true);
  return { slack, heard };
}

function hears(mine: Set<string>): (heard: Heard) => Promise<void> {
  return async ({ body, ack }) => {
    mine.add(String(body['event_id']));
    await ack();
  };
}
