import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { events, scopes } from '../../adapters/slack/needs.ts';

const kinds = ['channels', 'groups', 'im', 'mpim'] as const;
const each = (what: string) => kinds.map((kind) => `${kind}:${what}`);

/** As Slack's reference has them; where the scope is of the channel's kind, all four. */
const needed: Readonly<Record<string, readonly string[]>> = {
  'auth.test': [],
  'chat.postEphemeral': ['chat:write'],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': each('history'),
  'conversations.info': each('read'),
  'conversations.open': ['im:write'],
  'conversations.replies': each('history'),
  'files.uploadV2': ['files:write'],
  'reactions.get': ['reactions:read'],
  'users.info': ['users:read'],
  'views.publish': [],
};
const neededBy: Readonly<Record<string, readonly string[]>> = {
  app_home_opened: [],
  app_mention: ['app_mentions:read'],
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  'message.im': ['im:history'],
  'message.mpim': ['mpim:history'],
  reaction_added: ['reactions:read'],
  reaction_removed: ['reactions:read'],
};

async function methodsCalled(): Promise<string[]> {
  const files = (await readdir('adapters/slack')).filter((name) => name.endsWith('.ts') && name !== 'needs.ts');
  const texts = await Promise.all(files.map((name) => readFile(`adapters/slack/${name}`, 'utf8')));
  const called = texts.flatMap((text) => [
    ...text.matchAll(/(?:'|uploading\.)((?:auth|chat|conversations|files|reactions|users|views)\.[a-z][A-Za-z0-9]+)/g),
  ]);
  return [...new Set(called.map(([, name = '']) => name))].toSorted();
}

test('the scopes are those of the methods that are called, the events that are heard and the slash command', async () => {
  const called = await methodsCalled();
  expect(called).toEqual(Object.keys(needed));
  expect(events).toEqual(Object.keys(neededBy));
  const all = [...called.map((name) => needed[name]), ...events.map((name) => neededBy[name])];
  expect(scopes).toEqual([...new Set(['commands', ...all.flatMap((some) => some ?? [])])].toSorted());
});
