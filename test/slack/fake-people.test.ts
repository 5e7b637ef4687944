import { describe, expect, test } from 'vitest';
import { type Heard, slackWith, socket, web } from './fake/clients.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const approve = [
  {
    type: 'actions' as const,
    elements: [{ type: 'button' as const, text: plain('Approve'), action_id: 'say', value: '!approve 1' }],
  },
];

function eventsIn(heard: readonly Heard[]): Record<string, unknown>[] {
  return heard.map(({ body }) => body['event'] as Record<string, unknown>);
}

describe('people', () => {
  test('type, edit, react, take back and remove; the app hears of each', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    slack.channel('ops');
    const heard: Heard[] = [];
    await socket(slack, async (event) => {
      heard.push(event);
      await event.ack();
    });
    const said = alice.say('ops', 'drain “cmp1” -- now', { smart: true });
    await slack.delivery.quiet();
    alice.edit(said, '!other');
    await slack.delivery.quiet();
    alice.react(said, '✅');
    await slack.delivery.quiet();
    alice.unreact(said, '✅');
    await slack.delivery.quiet();
    alice.remove(said);
    alice.opensHome();
    await slack.delivery.quiet();
    expect(eventsIn(heard).map(({ type, subtype, reaction }) => subtype ?? reaction ?? type)).toEqual([
      'message',
      'message_changed',
      'white_check_mark',
      'white_check_mark',
      'message_deleted',
      'app_home_opened',
    ]);
    expect(eventsIn(heard)[0]).toMatchObject({ text: 'drain “cmp1” — now', channel_type: 'channel', user: alice.id });
    expect(alice.reads('ops')).toEqual([]);
  });

  test('a late click carries the button as it was seen; one on a private message carries no message', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    const channel = slack.channel('ops').id;
    const clicks: Record<string, unknown>[] = [];
    await socket(slack, async ({ body, ack }) => {
      if (body['type'] === 'block_actions') clicks.push(body);
      await ack();
    });
    const client = web(slack);
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'plan', blocks: approve });
    const before = await alice.sees('ops', /Approve/);
    await client.chat.update({ channel, ts, text: 'approved', blocks: [] });
    expect(alice.reads('ops')).toMatchObject([{ text: 'approved', buttons: [], edited: true }]);
    await alice.click(before, 'Approve');
    await alice.click(before, 'say');
    await client.chat.postEphemeral({ channel, user: alice.id, text: 'only you', blocks: approve });
    await alice.click(await alice.sees('ops', ({ ephemeral }) => ephemeral), 'Approve');
    expect(clicks).toMatchObject([{ message: { ts } }, { message: { ts } }, { container: { is_ephemeral: true } }]);
    expect(clicks[2]).not.toHaveProperty('message');
    await respondTo(clicks[2]);
    expect(alice.reads('ops').at(-1)).toMatchObject({ text: 'done', ephemeral: true });
  });

  test('a response_url serves five times', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    slack.channel('ops');
    const commands: Record<string, unknown>[] = [];
    await socket(slack, async ({ body, ack }) => {
      commands.push(body);
      await ack();
    });
    await alice.slash('/vigie', 'help', 'ops');
    for (let use = 0; use < 5; use += 1) expect((await respondTo(commands[0])).ok).toBe(true);
    expect(await (await respondTo(commands[0])).json()).toEqual({ ok: false, error: 'used_url' });
  });

  test('the Home tab, direct messages, and a channel as a page', async () => {
    const slack = await slackWith();
    const alice = slack.person('alice');
    slack.channel('ops');
    const client = web(slack);
    await client.views.publish({ user_id: alice.id, view: { type: 'home', blocks: approve } });
    expect(alice.home()).toMatchObject({ type: 'home', blocks: approve });
    const { channel } = await client.conversations.open({ users: alice.id });
    await client.chat.postMessage({ channel: channel?.id ?? '', text: 'for you' });
    alice.dm('thanks');
    expect(alice.readsDm().map(({ from, text }) => `${from}: ${text}`)).toEqual(['vigie: for you', 'alice: thanks']);
    await client.chat.postMessage({
      channel: '#ops',
      text: '*bold* &lt;script&gt; <@X>',
      blocks: [{ type: 'header', text: plain('<b>') }, ...approve],
    });
    const html = await (await fetch(`${slack.base}/ops`)).text();
    expect(html).toContain('<div class="header">&lt;b&gt;</div>');
    expect(html).toContain('<button class="">Approve</button>');
  });

  test('a stranger in a shared channel comes from another team; a long text is shown in pieces', async () => {
    const slack = await slackWith();
    const mallory = slack.person('mallory', { stranger: true });
    const channel = slack.channel('shared', { shared: true }).id;
    mallory.say('shared', '!help');
    expect(slack.delivered).toMatchObject([{ payload: { team_id: slack.team, event: { team: mallory.user.team } } }]);
    await web(slack).chat.postMessage({ channel, text: 'x'.repeat(8001) });
    expect(mallory.reads('shared').map(({ parts }) => parts)).toEqual([1, 3]);
  });

  test('two workspaces know nothing of each other; a missing scope is silence', async () => {
    const slack = await slackWith({ scopes: ['chat:write'] });
    const other = slack.another({ name: 'other' });
    const { id } = slack.channel('ops');
    expect((await web(other).auth.test()).team_id).toBe(other.team);
    await expect(web(other).chat.postMessage({ channel: id, text: 'a' })).rejects.toThrow('channel_not_found');
    slack.person('alice').say('ops', '!help');
    expect(slack.delivered).toEqual([]);
  });
});

function respondTo(payload: Record<string, unknown> | undefined): Promise<Response> {
  return fetch(String(payload?.['response_url']), { method: 'POST', body: JSON.stringify({ text: 'done' }) });
}
