import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Unsendable } from '../../adapters/irc/line.ts';
import { openNetwork } from '../../adapters/irc/network.ts';
import { seed, times } from '../setup/chance.ts';

const runs = 10_000 * times(1);
const anything = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\r', '\n', '\0', '\u0001', ' ', ':', '@', ';', '\\', '\u2028', '\ud800', '😀'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 60,
});
const outgoing = fc.record({
  command: fc.constantFrom(
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
  ),
  params: fc.array(anything, { maxLength: 3 }),
  tags: fc.dictionary(fc.oneof(anything, fc.constant('+draft/reply')), anything, { maxKeys: 2 }),
});

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
  await fc.assert(
    fc.asyncProperty(outgoing, async (message) => {
      try {
        await network.send(message, 'answer', 'p');
        sent.push(message.command);
      } catch (error) {
        expect(error).toBeInstanceOf(Unsendable);
      }
    }),
    { seed, numRuns: runs },
  );
  await network.send({ command: 'PING', params: ['the-end'] }, 'progress', 'p');
  await expect.poll(() => server.lines.at(-1)).toBe('PING :the-end');
  const seen = server.lines.slice(before).filter((line) => !/^(PING|WHO) :/.test(line) || line === 'PING :the-end');
  const commands = seen.map((line) => line.replace(/^@[^ ]+ /, '').split(' ')[0]);
  const own = sent.filter((command) => command !== 'WHO');
  expect(commands.filter((command) => command !== 'WHO' && command !== 'PING')).toEqual(own);
  expect(sent.length).toBeGreaterThan(runs / 50);
  await network.stop();
  server.close();
});
