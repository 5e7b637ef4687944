import { expect, test } from 'vitest';
import { type Place, PlaceRefused } from '../../src/chat/message.ts';
import { say } from '../../src/chat/report.ts';
import { opsPlace, type Script } from '../irc/scripted.ts';
import { guest, open, post, saidTo, server, table, whois } from '../irc/speaking.ts';

/** The first time `web-1.` is said, the channel does not take it. */
function refusingOnce(words: string): NonNullable<Script['hears']> {
  let refusing = true;
  return ({ command, params, label, line }, { tell, echo }) => {
    if (command !== 'PRIVMSG') return;
    const refused = refusing && params[1]?.includes('web-1.');
    if (refused) tell(words);
    else if (server.echoes) echo({ command, params, label, line });
    refusing &&= !refused;
  };
}

test.each([
  ['echoes', 'echo-message', 1, ':s.test 404 vigie #ops :Cannot send to channel'],
  ['no echoes', 'multi-prefix', 3, ':s.test 404 vigie #ops :Cannot send to channel'],
  ['throttling', 'multi-prefix', 3, ':s.test NOTICE vigie :*** Message to #ops throttled due to flooding'],
] as const)(
  'with %s: a refusal is that of lines that have left, and nothing is lost',
  async (_what, caps, most, words) => {
    await open({ caps, hears: refusingOnce(words) }, { rate: { burst: 1, everyMs: 10 } });
    await post(table(3), {}, { ...opsPlace, id: 'irc:test/@#ops' });
    const said = saidTo('@#ops');
    const times = (row: number) => said.filter((line) => line.includes(`web-${row}.`)).length;
    expect(times(1)).toBe(2);
    for (const row of [0, 2]) expect(times(row)).toBeLessThanOrEqual(most);
    for (const row of [0, 2]) expect(times(row)).toBeGreaterThanOrEqual(1);
  },
);

test('that WHOIS finds nobody refuses no line, and a line to nobody is refused', async () => {
  let there = true;
  await open({
    hears(sent, itself) {
      if (sent.command === 'WHOIS') whois(itself, null);
      if (sent.command === 'PRIVMSG' && !there) itself.tell(`:s 401 vigie ${sent.params[0]} :No such nick`);
    },
  });
  const alice: Place = { ...guest, id: 'irc:test/~alice' };
  const said = post(say('hello'), {}, alice);
  await expect(post(say('private'), { to: 'irc:test/alice' })).rejects.toThrow('is not there');
  await said;
  there = false;
  await expect(post(say('hello again'), {}, alice)).rejects.toThrow(PlaceRefused);
});
