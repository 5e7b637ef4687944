import { expect, test } from 'vitest';
import type { Message } from '../../src/chat/message.ts';
import type { ChatState } from '../../src/desk/desk.ts';
import { whoamiBot } from '../../src/desk/helping.ts';
import { policyOf } from '../../src/policy/policy.ts';
import { parsePolicy } from '../../src/policy/policy-file.ts';

const people = 'people:\n  alice: {accounts: [irc:test/alice], roles: [reader]}\n';
const policy = policyOf(parsePolicy(people, 'policy.yaml'));

const chats: readonly ChatState[] = [
  { connection: 'irc:well', connected: true, problem: null, edits: false },
  { connection: 'irc:away', connected: false, problem: 'connect ECONNREFUSED 10.0.0.7:6697', edits: false },
  { connection: 'irc:out', connected: true, problem: 'not in #secret: banned', edits: false },
];

/** What somebody is told of each chat. */
function told(account: string | null): (string | undefined)[] {
  const message: Message = {
    key: 'k',
    from: { account, name: 'somebody' },
    place: { adapter: 'irc', id: 'irc:test/#ops', kind: 'channel' },
    text: '!whoami bot',
    at: new Date(),
  };
  const report = whoamiBot({ version: '1', chats: () => chats, message, policy: () => policy });
  expect(report.tone).toBe('warn');
  const fields = report.blocks.flatMap((block) => (block.kind === 'fields' ? block.fields : []));
  return chats.map(({ connection }) => fields.find(([name]) => name === connection)?.[1]);
}

test('whoever the policy knows is told what is wrong with a chat', () => {
  expect(told('irc:test/alice')).toEqual(['connected', 'connect ECONNREFUSED 10.0.0.7:6697', 'not in #secret: banned']);
});

test.each([null, 'irc:test/mallory'])('of addresses and secret channels %s is told nothing', (account) => {
  expect(told(account)).toEqual(['connected', 'not connected', 'something is wrong']);
});
