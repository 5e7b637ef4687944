import { describe, expect, test } from 'vitest';
import { slackWith, socket, web } from './fake/clients.ts';
import type { FakeSlack } from './fake/slack.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });

function modal(words: string, more: object = {}) {
  const blocks = [{ type: 'section' as const, text: plain(words) }];
  return { type: 'modal' as const, title: plain('vigie'), blocks, ...more };
}

const home = (words: string) => ({ type: 'home' as const, blocks: modal(words).blocks });

/** Each command brings one. */
async function triggersOf(slack: FakeSlack): Promise<() => Promise<string>> {
  const alice = slack.person('alice');
  slack.channel('ops');
  const brought: string[] = [];
  await socket(slack, async ({ body, ack }) => {
    brought.push(String(body['trigger_id']));
    await ack();
  });
  return async () => {
    await alice.slash('/vigie', 'help', 'ops');
    return brought.at(-1) ?? '';
  };
}

describe('modals', () => {
  test('stand three deep upon each other, each with a trigger of its own', async () => {
    const slack = await slackWith();
    const trigger = await triggersOf(slack);
    const { views } = web(slack);
    const first = await trigger();
    await views.open({ trigger_id: first, view: modal('one') });
    await expect(views.push({ trigger_id: first, view: modal('two') })).rejects.toThrow('exchanged_trigger_id');
    await expect(views.push({ trigger_id: 'none', view: modal('two') })).rejects.toThrow('invalid_trigger_id');
    await expect(views.push({ trigger_id: await trigger(), view: home('two') })).rejects.toThrow('invalid_arguments');
    for (const words of ['two', 'three'])
      expect(await views.push({ trigger_id: await trigger(), view: modal(words) })).toMatchObject({
        view: { type: 'modal', blocks: [{ text: { text: words } }] },
      });
    await expect(views.push({ trigger_id: await trigger(), view: modal('four') })).rejects.toThrow(
      'push_limit_reached',
    );
  });

  test('are changed by either id, never by both, and by a hash only where it is the last one', async () => {
    const slack = await slackWith();
    const trigger = await triggersOf(slack);
    const { views } = web(slack);
    const { view: before } = await views.open({
      trigger_id: await trigger(),
      view: modal('one', { external_id: 'mine' }),
    });
    const at = { view_id: before?.id ?? '' };
    const named = modal('one and a half', { external_id: 'mine' });
    const { view: next } = await views.update({ external_id: 'mine', view: named, hash: before?.hash ?? '' });
    expect(next?.id).toBe(before?.id);
    await expect(views.update({ external_id: 'other', view: named })).rejects.toThrow('not_found');
    const { view: after } = await views.update({ ...at, view: modal('two'), hash: next?.hash ?? '' });
    expect(after).toMatchObject({ id: before?.id, blocks: [{ text: { text: 'two' } }] });
    expect(after?.hash).not.toBe(next?.hash);
    const stale = { ...at, view: modal('three'), hash: before?.hash ?? '' };
    await expect(views.update(stale)).rejects.toThrow('hash_conflict');
    await expect(views.update({ ...at, view: home('three') })).rejects.toThrow('invalid_arguments');
    await expect(views.update({ external_id: 'mine', view: modal('three') })).rejects.toThrow('not_found');
    await expect(web(slack).apiCall('views.update', { view: modal('three') })).rejects.toThrow('invalid_arguments');
    await expect(
      web(slack).apiCall('views.update', { ...at, external_id: 'mine', view: modal('three') }),
    ).rejects.toThrow('invalid_arguments');
  });
});

test('a home that is changed is what its person sees', async () => {
  const slack = await slackWith();
  const alice = slack.person('alice');
  const { views } = web(slack);
  const { view } = await views.publish({ user_id: alice.id, view: home('one') });
  await views.update({ view_id: view?.id ?? '', view: home('two') });
  expect(alice.home()).toMatchObject({ id: view?.id, type: 'home', blocks: [{ text: { text: 'two' } }] });
});

test('markdown stands alone, and is shorter', async () => {
  const slack = await slackWith();
  const { id: channel } = slack.channel('ops');
  const say = (args: object) => web(slack).apiCall('chat.postMessage', { channel, ...args });
  await say({ markdown_text: '**bold**' });
  expect((await slack.person('alice').sees('ops', /bold/)).from).toBe('vigie');
  await expect(say({ markdown_text: 'a', text: 'a' })).rejects.toThrow('markdown_text_conflict');
  await expect(say({ markdown_text: 'a', blocks: [{ type: 'divider' }] })).rejects.toThrow('markdown_text_conflict');
  await say({ markdown_text: 'x'.repeat(12_000) });
  await expect(say({ markdown_text: 'x'.repeat(12_001) })).rejects.toThrow('msg_too_long');
});
