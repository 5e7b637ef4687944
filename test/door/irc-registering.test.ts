import { expect, test } from 'vitest';
import { say } from '../../src/chat/report.ts';
import { answering } from '../irc/answering.ts';
import { vigieOn } from '../irc/scripted.ts';

test('nothing is said to a server that has not registered vigie yet', async () => {
  const server = await answering({ answer: () => [] });
  const vigie = await vigieOn(server);
  await expect.poll(() => server.lines.some((line) => line.startsWith('USER'))).toBe(true);
  const guest = { adapter: 'irc', id: 'irc:test/~bob', kind: 'direct' } as const;
  await expect(vigie.post(guest, say('hello'), { key: 'k', weight: 'answer' })).rejects.toThrow('not connected');
  expect(server.lines.filter((line) => line.includes('PRIVMSG'))).toEqual([]);
  await vigie.stop();
  server.close();
});
