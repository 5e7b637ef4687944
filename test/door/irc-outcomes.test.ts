import type { EventEmitter } from 'node:events';
import { Client } from 'irc-framework';
import { expect, test } from 'vitest';
import { hearOutcomes } from '../../adapters/irc/outcomes.ts';

test('what a server said in doubt before it was lost, and the batches it had begun, say nothing of the next', () => {
  const client = new Client();
  client.user.nick = 'vigie';
  const losses: ((why: Error) => void)[] = [];
  const heard: string[] = [];
  hearOutcomes(
    { client, onLoss: (listener) => void losses.push(listener) },
    {
      echoed: ({ label }) => void heard.push(`echoed ${label}`),
      refused: ({ target }) => void heard.push(`refused ${target}`),
      throttled: () => undefined,
      answered: () => {},
    },
  );
  const wire = client.connection as unknown as EventEmitter;
  const told = (command: string, params: readonly string[], tags = {}, nick = '') =>
    void wire.emit('message', { command, params, tags, nick });
  told('BATCH', ['+b1', 'labeled-response'], { label: 'v1' });
  told('401', ['vigie', 'alice', 'No such nick']);
  for (const lose of losses) lose(new Error('cut'));
  told('NOTICE', ['*', 'looking up your hostname']);
  told('BATCH', ['+b1', 'chathistory', '#ops']);
  told('PRIVMSG', ['#ops', 'done'], { batch: 'b1' }, 'vigie');
  expect(heard).toEqual([]);
});
