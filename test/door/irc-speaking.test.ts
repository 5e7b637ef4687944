import { expect, test } from 'vitest';
import { say } from '../../src/chat/report.ts';
import { opsPlace } from '../irc/scripted.ts';
import { eventually, guest, modern, open, post, saidTo, server, table, vigie } from '../irc/speaking.ts';

test('cut in mid-report: what did not arrive is said again, every piece of it and nothing twice', async () => {
  const arrived: string[] = [];
  let before = 6;
  await open({
    caps: modern,
    hears(sent, { echo, cut }) {
      if (sent.command !== 'PRIVMSG') return;
      before -= 1;
      if (before === -1) return cut();
      arrived.push(sent.params.at(-1) ?? '');
      echo(sent);
    },
  });
  const steps = Array.from({ length: 8 }, (_, step) => ({
    label: `begin${step} ${'word '.repeat(100)}end${step}`,
    state: 'done' as const,
    note: '',
  }));
  await post({ title: 'a drain', tone: 'plain', blocks: [{ kind: 'steps', steps }] }, {}, guest);
  const heard = arrived.join('\n');
  for (const mark of ['begin', 'end'])
    expect([...heard.matchAll(new RegExp(`${mark}(\\d)`, 'g'))].map(([, step]) => Number(step))).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  expect(heard.match(/word/g)).toHaveLength(800);
});

test('what changed since the cut is said from its beginning', async () => {
  let before = 2;
  const arrived: string[] = [];
  await open({
    caps: modern,
    hears(sent, { echo, cut }) {
      if (sent.command !== 'PRIVMSG') return;
      before -= 1;
      if (before === -1) return cut();
      arrived.push(sent.params.at(-1) ?? '');
      echo(sent);
    },
  });
  await eventually(() => vigie.connected());
  const key = { key: 'card', weight: 'news' as const };
  await expect(vigie.post(guest, table(3), key)).rejects.toThrow('lost');
  await post(say('the job is over'), key, guest);
  expect(arrived.at(-1)).toBe('the job is over');
});

test('strangers who ask for the version do not set the pace, and PONG goes ahead of everything', async () => {
  await open({}, { rate: { burst: 1, everyMs: 20 } });
  await eventually(() => server.sent.length === 0);
  const answer = post(table(40), { weight: 'answer' }, guest);
  for (let one = 0; one < 60; one += 1) server.tell(`:m${one}!m@host PRIVMSG vigie :\u0001VERSION\u0001`);
  await eventually(() => saidTo('bob').length > 3);
  const before = server.sent.length;
  server.tell('PING :are-you-there');
  await eventually(() => server.sent.some(({ command }) => command === 'PONG'));
  expect(server.sent.findIndex(({ command }) => command === 'PONG') - before).toBeLessThan(3);
  await answer;
  expect(server.sent.filter(({ command }) => command === 'NOTICE')).toEqual([]);
});

test('echoes without labels are known by place and words, also to operators alone and where colours are taken out', async () => {
  await open(
    {
      caps: 'echo-message message-tags',
      hears(sent, { echo }) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a channel takes out
        if (sent.command === 'PRIVMSG') echo(sent, sent.params.at(-1)?.replace(/\u0003\d\d|[\u0002\u000f]/g, ''));
      },
    },
    { colours: true },
  );
  expect(await post({ ...say('in colours'), tone: 'bad' })).toMatch(/^m\d/);
  expect(await post({ ...say('for operators'), tone: 'bad' }, {}, { ...opsPlace, id: 'irc:test/@#ops' })).toMatch(
    /^m\d/,
  );
  expect(server.sent.filter(({ command }) => command === 'PRIVMSG')).toHaveLength(2);
});

test('the answer to a line that comes in several, so in a batch, is that line’s own', async () => {
  await open({
    caps: modern,
    hears({ command, params, label }, { tell }) {
      if (command !== 'PRIVMSG') return;
      tell(`@label=${label} :s BATCH +b1 labeled-response`);
      tell('@batch=b1 :s 301 vigie bob :is away');
      tell(`@batch=b1;msgid=of-the-batch :vigie!vigie@host PRIVMSG bob :${params[1]} (censored)`);
      tell(':s BATCH -b1');
    },
  });
  expect(await post(say('here'), {}, guest)).toBe('of-the-batch');
});

test.each([
  ['labels', modern],
  ['no labels', 'echo-message message-tags batch'],
])('with %s: our own words that a history tells again are no echo', async (_what, caps) => {
  await open({
    caps,
    hears(sent, { tell, echo }) {
      if (sent.command !== 'PRIVMSG') return;
      const told = `:vigie!vigie@host PRIVMSG #ops :${sent.params[1]}`;
      tell(':s BATCH +h chathistory #ops');
      tell(`@batch=h;msgid=old ${told}`);
      tell(':s BATCH -h');
      if (caps === modern) tell(`@msgid=old ${told}`);
      echo(sent);
    },
  });
  expect(await post(say('done'))).toMatch(/^m\d/);
});
