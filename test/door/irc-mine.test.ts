import { afterEach, expect, test } from 'vitest';
import { type Adapter, NotOurs, type Place } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import { type Scripted, scripted, vigieOn } from '../irc/scripted.ts';

let server: Scripted;
let vigie: Adapter;
afterEach(async () => {
  await vigie.stop();
  server.close();
});

const bob: Place = { adapter: 'irc', id: 'irc:test/~bob', kind: 'direct' };
const table: Report = {
  title: '40 servers',
  tone: 'plain',
  blocks: [{ kind: 'table', columns: ['server'], rows: Array.from({ length: 40 }, (_, row) => [`web-${row}.`]) }],
};

const saidToBob = () => server.sent.filter(({ command, params }) => command === 'PRIVMSG' && params[0] === 'bob');

test('where another bot speaks by now, what still waits for its turn is not said, and what is ours later is', async () => {
  let ours = true;
  server = await scripted({
    caps: 'echo-message labeled-response batch message-tags',
    hears(sent, { echo }) {
      if (sent.command !== 'PRIVMSG') return;
      echo(sent);
      if (saidToBob().length === 4) ours = false;
    },
  });
  vigie = await vigieOn(server, { rate: { burst: 1, everyMs: 20 } });
  await expect.poll(() => vigie.connected(), { timeout: 20_000, interval: 5 }).toBe(true);
  const post = { key: 'answer', weight: 'answer' as const, mine: () => ours };
  await expect(vigie.post(bob, table, post)).rejects.toThrow(NotOurs);
  const said = saidToBob().length;
  expect(said).toBeLessThan(30);
  // What is asked of nobody, such as an answer to a stranger, goes on.
  await vigie.post(bob, { title: 'hello', tone: 'plain', blocks: [] }, { key: 'hello', weight: 'answer' });
  expect(
    saidToBob()
      .slice(said)
      .map(({ params }) => params[1]),
  ).toEqual(['hello']);
  ours = true;
  await vigie.post(bob, table, post);
  expect(saidToBob().filter(({ params }) => params[1]?.includes('web-'))).toHaveLength(40);
});
