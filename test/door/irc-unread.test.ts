import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { guest, open, post, saidTo, server, table } from '../irc/speaking.ts';

test('a server that reads nothing is not sent more than 2,000 bytes, and all arrives once it goes on', async () => {
  let stalled = true;
  let unread = 0;
  let most = 0;
  const waiting: string[] = [];
  await open(
    {
      hears({ command, line, params }, { tell }) {
        unread += Buffer.byteLength(line) + 2;
        most = Math.max(most, unread);
        if (command !== 'PING') return true;
        if (stalled) waiting.push(params[0] ?? '');
        else {
          unread = 0;
          tell(`:s PONG s ${params[0]}`);
        }
        return true;
      },
    },
    { rate: { burst: 1000, everyMs: 1, unread: 2000 } },
  );
  const all = post(table(100), {}, guest);
  await sleep(1500);
  expect(saidTo('bob').length).toBeGreaterThan(10);
  expect(most).toBeLessThan(2100);
  stalled = false;
  unread = 0;
  for (const ping of waiting) server.tell(`:s PONG s ${ping}`);
  await all;
  expect(most).toBeLessThan(2100);
  expect(saidTo('bob')).toHaveLength(102);
}, 30_000);

test('what waits behind questions alone is sent too once they are read', async () => {
  await open({}, { rate: { burst: 1000, everyMs: 1, unread: 60 } });
  await post(table(10), {}, guest);
  expect(saidTo('bob')).toHaveLength(12);
}, 30_000);
