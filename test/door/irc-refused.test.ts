import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Place, PlaceRefused } from '../../src/chat/message.ts';
import { say } from '../../src/chat/report.ts';
import { opsPlace, type Script, type Sent } from '../irc/scripted.ts';
import { eventually, guest, open, post, saidTo, server, table, vigie, whois } from '../irc/speaking.ts';

const refusal = ':s.test 404 vigie #ops :Cannot send to channel';

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
  ['echoes', 'echo-message', 1, refusal],
  ['no echoes', 'multi-prefix', 3, refusal],
  ['another target too soon', 'multi-prefix', 3, ':s.test 439 vigie #ops :Target change too fast'],
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

test.each([
  ['#ops', 3],
  ['@#ops', 3],
  ['#ops', 0],
])(
  'what a server throttles in %s after %i lines is said once it takes more, before what waits, and nothing of it twice',
  async (target, taken) => {
    let [left, refused] = [taken, 0];
    await open(
      {
        hears({ command, params }, { tell }) {
          if (command !== 'PRIVMSG' || params[1]?.includes('web-') !== true) return;
          left -= 1;
          if (left >= 0) return;
          refused += 1;
          // Whatever comes meanwhile is thrown away too.
          if (refused === 1)
            setTimeout(() => {
              left = 1000;
            }, 200);
          tell(':s.test NOTICE vigie :*** Message to #ops throttled due to flooding');
        },
      },
      { rate: { burst: 5, everyMs: 20 } },
    );
    const place = { ...opsPlace, id: `irc:test/${target}` };
    await post(say('ready'), {}, place);
    await sleep(200);
    const rows = Array.from({ length: 12 }, (_, row) => `web-${row}.`);
    const told = rows.map(async (row, at) => {
      // Between the first and the others vigie asks whether that one was read.
      if (at > 0) await sleep(1);
      await post(say(row), { weight: 'answer' }, place);
    });
    await Promise.all(told);
    const said = saidTo(target).slice(1);
    expect(refused).toBeGreaterThan(0);
    expect([...said.slice(0, taken), ...said.slice(taken + refused)]).toEqual(rows);
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

test('without labels the server answers in the order in which lines left, not in that of their asking', async () => {
  const heard: Sent[] = [];
  await open(
    {
      caps: 'echo-message message-tags',
      hears(sent, { echo }) {
        if (sent.params[1] === 'ready') echo(sent);
        else if (sent.command === 'PRIVMSG') heard.push(sent);
      },
    },
    { rate: { burst: 1, everyMs: 200 } },
  );
  await post(say('ready'));
  const first = vigie.post(opsPlace, say('first'), { key: 'first', weight: 'news' });
  const news = vigie.post(opsPlace, say('news'), { key: 'news', weight: 'news' });
  const answer = vigie.post(opsPlace, say('answer'), { key: 'answer', weight: 'answer' });
  const refused = expect(answer).rejects.toThrow('Cannot send');
  await eventually(() => heard.length === 3);
  expect(heard.map(({ params }) => params[1])).not.toEqual(['first', 'news', 'answer']);
  for (const sent of heard) {
    if (sent.params[1] === 'answer') server.tell(refusal);
    else server.echo(sent);
  }
  await Promise.all([refused, first, news]);
});

test('a refusal tells that one line was read, not all that wait behind it', async () => {
  let read = true;
  let unread = 0;
  let most = 0;
  await open(
    {
      hears({ line }) {
        if (read) return false;
        unread += Buffer.byteLength(line) + 2;
        most = Math.max(most, unread);
        return true;
      },
    },
    { rate: { burst: 100, everyMs: 1, unread: 2000 } },
  );
  await post(say('ready'));
  read = false;
  const all = Array.from({ length: 12 }, (_, at) =>
    vigie.post(opsPlace, say(`${at} ${'x'.repeat(380)}`), { key: `k${at}`, weight: 'news' }),
  );
  const ended = Promise.allSettled(all);
  await eventually(() => unread > 1500);
  unread -= 400;
  server.tell(refusal);
  await expect(all[0]).rejects.toThrow('Cannot send');
  await sleep(300);
  expect(most).toBeLessThan(2100);
  server.cut();
  await ended;
});
