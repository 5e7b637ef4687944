import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PlaceRefused } from '../../src/chat/message.ts';
import { type Report, say } from '../../src/chat/report.ts';
import type { Script } from '../irc/scripted.ts';
import { eventually, guest, open, post, saidTo, server, table } from '../irc/speaking.ts';

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

interface Stall {
  readonly hears: NonNullable<Script['hears']>;
  begin(): void;
  /** It reads on: each PING that waited is answered. */
  end(): void;
}

/** A server that reads nothing for a while. */
function stall(): Stall {
  let stalled = false;
  const waiting: string[] = [];
  const answer = (ping: string) => server.tell(`:s PONG s ${ping}`);
  return {
    hears({ command, params: [ping = ''] }) {
      if (command !== 'PING') return;
      if (stalled) waiting.push(ping);
      else answer(ping);
      return true;
    },
    begin() {
      stalled = true;
    },
    end() {
      stalled = false;
      for (const ping of waiting) answer(ping);
    },
  };
}

const long: Report = {
  title: 'a log',
  tone: 'plain',
  blocks: [{ kind: 'code', text: Array(20).fill('x'.repeat(300)).join('\n') }],
};

/** Far longer than an answer takes to come back: a line and the question after it never leave together. */
const slow = { burst: 1, everyMs: 100, unread: 2000 };

/** Until what is said is held back. */
async function held(): Promise<void> {
  await eventually(() => saidTo('bob').length > 3);
  for (let before = -1; before !== server.sent.length; ) {
    before = server.sent.length;
    await sleep(5 * slow.everyMs);
  }
}

test('a line too many that is never said, for its reader is gone, keeps nobody else silent', async () => {
  const reader = stall();
  await open({ hears: reader.hears }, { rate: slow });
  reader.begin();
  const unheard = expect(post(long, {}, guest)).rejects.toThrow(PlaceRefused);
  await held();
  server.tell(':bob!b@h QUIT :gone');
  await unheard;
  reader.end();
  await sleep(5 * slow.everyMs);
  await post(say('hello'));
  expect(saidTo('#ops')).toEqual(['hello']);
}, 30_000);

test('a server that asked for a PONG while it read nothing is told the rest once it reads on', async () => {
  const reader = stall();
  await open({ hears: reader.hears }, { rate: slow });
  reader.begin();
  const all = post(long, {}, guest);
  await held();
  for (const ping of ['one', 'two', 'three']) server.tell(`PING :${ping}`);
  await eventually(() => server.sent.at(-1)?.command === 'PONG');
  reader.end();
  await all;
  expect(saidTo('bob')).toHaveLength(21);
}, 30_000);

test('a server that answers no PING for a minute is left, whatever else it tells: the rest is said to the next', async () => {
  const reader = stall();
  await open({ hears: reader.hears }, { rate: slow });
  reader.begin();
  const all = post(long, {}, guest);
  await held();
  const before = saidTo('bob').length;
  const now = performance.now.bind(performance);
  const later = vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
  onTestFinished(() => later.mockRestore());
  await eventually(() => saidTo('bob').length > before);
  reader.end();
  await all;
}, 30_000);
