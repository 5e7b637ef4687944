import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Unsendable } from '../../adapters/irc/line.ts';
import { openNetwork } from '../../adapters/irc/network.ts';
import type { Place } from '../../src/chat/message.ts';
import type { Report } from '../../src/chat/report.ts';
import { seed, times } from '../setup/chance.ts';
import { opsPlace, scripted, vigieOn } from './scripted.ts';

const runs = 10_000 * times(1);
const anything = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\r', '\n', '\0', '\u0001', ' ', ':', '@', ';', '\\', '\u2028', '\ud800', '😀'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 60,
});
const commands = [
  'PRIVMSG',
  'NOTICE',
  'TOPIC',
  'JOIN',
  'PART',
  'WHOIS',
  'WHO',
  'MODE',
  'NICK',
  'KICK',
  'TAGMSG',
  'QUIT',
];
/** What a name is, so that the rest of the line is put to the test. */
const name = fc.constantFrom('#ops', '@#ops', 'alice', '+v', 'vigie');
/** The line is broken where it can do harm. */
const hostile = fc
  .tuple(anything, fc.constantFrom('\r\n', '\n', '\r', '\0', '\u0001ACTION '), anything)
  .map((parts) => parts.join(''));
const text = fc.oneof(hostile, anything);
/** An action is a text that CTCP frames: the framing is the first to go. */
const action = text.map((words) => `\u0001ACTION ${words}\u0001`);
const params = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(name, fc.oneof(text, action)) },
  { weight: 1, arbitrary: fc.tuple(name, name, text) },
  { weight: 1, arbitrary: fc.tuple(text) },
  { weight: 1, arbitrary: fc.array(anything, { maxLength: 3 }) },
);
const tags = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.dictionary(fc.constantFrom('+draft/reply', 'label', '+draft/react'), text, { maxKeys: 2 }),
  },
  { weight: 1, arbitrary: fc.dictionary(anything, anything, { maxKeys: 2 }) },
);
const outgoing = fc.record({ command: fc.constantFrom(...commands), params, tags });

/** A server that lets everybody in and writes down what it is told. */
async function recorder() {
  const lines: string[] = [];
  const server = createServer((socket) => {
    createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      lines.push(line);
      if (line.startsWith('CAP LS')) socket.write(':s CAP * LS :\r\n');
      if (line.startsWith('USER')) socket.write(':s 001 vigie :welcome\r\n');
      if (line.startsWith('PING')) socket.write(`:s PONG s ${line.slice(5)}\r\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return { lines, port: address.port, close: () => void server.close() };
}

test(`${runs} generated messages: the server never sees another command than the one that was meant`, async () => {
  const server = await recorder();
  const network = openNetwork({
    name: 'test',
    link: { host: '127.0.0.1', port: server.port, tls: null },
    nick: 'vigie',
    serverPassword: null,
    login: null,
    channels: [],
    version: 'test',
    rate: { burst: Number.POSITIVE_INFINITY, everyMs: 1 },
    log: () => {},
  });
  network.start();
  await expect.poll(network.connected).toBe(true);
  const before = server.lines.length;
  const sent: string[] = [];
  let broken = 0;
  await fc.assert(
    fc.asyncProperty(outgoing, async (message) => {
      try {
        await network.send(message, { lane: 'answer', place: 'p' });
        sent.push(message.command);
        if (/[\r\n\0]/.test([...message.params, ...Object.values(message.tags)].join(''))) broken += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(Unsendable);
      }
    }),
    { seed, numRuns: runs },
  );
  await network.send({ command: 'PING', params: ['the-end'] }, { lane: 'progress', place: 'p' });
  await expect.poll(() => server.lines.at(-1)).toBe('PING :the-end');
  const seen = server.lines.slice(before).filter((line) => !/^(PING|WHO) :/.test(line) || line === 'PING :the-end');
  const commands = seen.map((line) => line.replace(/^@[^ ]+ /, '').split(' ')[0]);
  const own = sent.filter((command) => command !== 'WHO');
  expect(commands.filter((command) => command !== 'WHO' && command !== 'PING')).toEqual(own);
  expect(sent.length).toBeGreaterThan(runs / 2);
  expect(broken).toBeGreaterThan(runs / 3);
  await network.stop();
  server.close();
});

test(`${runs / 10} hostile reports, posted and revised: one message each line, to nobody else, and nothing that steers`, async () => {
  const server = await scripted({
    caps: 'echo-message labeled-response message-tags',
    hears: (sent, { echo }) => sent.command === 'PRIVMSG' && echo(sent),
  });
  const vigie = await vigieOn(server);
  await expect.poll(() => vigie.connected()).toBe(true);
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(text, text, text, async (one, two, three) => {
      const report: Report = {
        title: one,
        tone: 'plain',
        blocks: [
          { kind: 'text', text: two },
          { kind: 'fields', fields: [[one, three]] },
          { kind: 'table', columns: [two], rows: [[three]] },
          { kind: 'steps', steps: [{ label: one, state: 'failed', note: two }] },
          { kind: 'code', text: three },
        ],
        replies: [{ label: two, line: three }],
        footer: one,
      };
      asked += 1;
      const telling = { key: `k${asked}`, weight: 'news' as const };
      const place: Place = { ...opsPlace, id: 'irc:test/~bob', kind: 'direct' };
      const receipt = await vigie.post(place, report, { ...telling, replyTo: three });
      await vigie.revise(receipt, { ...report, title: two }, report, telling);
    }),
    { seed, numRuns: runs / 10 },
  );
  const strange = server.sent.filter(
    ({ command, params, line }) =>
      !(command === 'PING' || (command === 'PRIVMSG' && params[0] === 'bob')) ||
      [...'\0\r\n\u0001'].some((letter) => line.includes(letter)),
  );
  expect(strange).toEqual([]);
  expect(server.sent.length).toBeGreaterThan(runs / 10);
  await vigie.stop();
  server.close();
});
