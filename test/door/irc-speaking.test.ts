import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { IrcOptions } from '../../adapters/irc/irc.ts';
import { type Adapter, type Place, PlaceRefused, type PostOptions } from '../../src/chat/message.ts';
import { type Report, say } from '../../src/chat/report.ts';
import { opsPlace, type Script, type Scripted, scripted, vigieOn } from '../irc/scripted.ts';

let server: Scripted;
let vigie: Adapter;
let keys = 0;
afterEach(async () => {
  await vigie.stop();
  server.close();
});

const modern = 'echo-message labeled-response batch message-tags account-tag';

async function open(script: Script, more: Partial<IrcOptions> = {}): Promise<void> {
  server = await scripted(script);
  vigie = await vigieOn(server, more);
  await eventually(() => vigie.connected());
}

async function eventually(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 20_000, interval: 5 }).toBe(true);
}

/** As the deliveries do: again while vigie is not there, and with the same key. */
async function post(report: Report, more: Partial<PostOptions> = {}, place: Place = opsPlace): Promise<string> {
  keys += 1;
  const options = { key: `k${keys}`, weight: 'news' as const, ...more };
  for (let tries = 0; ; tries += 1) {
    try {
      return (await vigie.post(place, report, options)).handle;
    } catch (error) {
      if (error instanceof PlaceRefused || tries > 300) throw error;
      await sleep(20);
    }
  }
}

/** What vigie said somewhere, as it left. */
function saidTo(target: string): string[] {
  return server.sent
    .filter(({ command, params }) => command === 'PRIVMSG' && params[0] === target)
    .map(({ params }) => params.at(-1) ?? '');
}

const table = (rows: number): Report => ({
  title: `${rows} servers`,
  tone: 'plain',
  blocks: [
    {
      kind: 'table',
      columns: ['server', 'host'],
      rows: Array.from({ length: rows }, (_, row) => [`web-${row}.`, 'cmp1']),
    },
  ],
});

const guest: Place = { adapter: 'irc', id: 'irc:test/~bob', kind: 'direct' };

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

/** The owner of alice's nick, as WHOIS tells it. */
function whois({ tell }: Scripted, account: string | null): void {
  if (account === null) tell(':s 401 vigie alice :No such nick');
  else {
    tell(':s 311 vigie alice alice host * :alice');
    tell(`:s 330 vigie alice ${account} :is logged in as`);
  }
  tell(':s 318 vigie alice :End of WHOIS');
}

test('pages for one person keep nothing back from the channel where they were asked for', async () => {
  await open(
    {
      caps: modern,
      hears(sent, itself) {
        if (sent.command === 'WHOIS') whois(itself, 'alice');
        if (sent.command === 'PRIVMSG') itself.echo(sent);
      },
    },
    { rate: { burst: 1, everyMs: 20 } },
  );
  const pages = post(table(60), { weight: 'answer', aside: 'irc:test/alice' });
  await eventually(() => saidTo('alice').length > 3);
  const before = server.sent.length;
  await post(say('the lone answer'), { weight: 'answer' });
  const at = server.sent.findIndex(({ line }) => line.includes('the lone answer'));
  expect(at - before).toBeLessThan(4);
  await pages;
  expect(saidTo('alice')).toHaveLength(62);
});

test('who takes a nick in mid-report does not read on, and who had it goes on reading under the next one', async () => {
  let owner: string | null = 'alice';
  const read: Record<string, number> = {};
  await open(
    {
      caps: modern,
      hears(sent, itself) {
        if (sent.command === 'WHOIS' && sent.params[0] === 'alice') whois(itself, owner);
        if (sent.command === 'WHOIS' && sent.params[0] === 'zed') {
          itself.tell(':s 330 vigie zed alice :is logged in as');
          itself.tell(':s 318 vigie zed :End of WHOIS');
        }
        if (sent.command !== 'PRIVMSG') return;
        const reader = sent.params[0] === 'zed' ? 'alice' : String(owner);
        read[reader] = (read[reader] ?? 0) + 1;
        itself.echo(sent);
      },
    },
    { rate: { burst: 2, everyMs: 10 } },
  );
  // vigie has heard her once: it knows under which nick.
  server.tell(':alice!a@host ACCOUNT alice');
  const pages = post(table(60), { weight: 'answer', to: 'irc:test/alice' });
  await eventually(() => (read['alice'] ?? 0) > 5);
  owner = 'mallory';
  server.tell(':alice!a@host NICK Alice');
  server.tell(':Alice!a@host NICK zed');
  server.tell(':mallory!m@host NICK alice');
  await pages;
  // What was on its way when the nick changed hands cannot be called back.
  expect(read['mallory'] ?? 0).toBeLessThan(4);
  expect(read['alice']).toBeGreaterThanOrEqual(62);
});

test('who takes a nick where vigie cannot see it reads no more than a page', async () => {
  let said = 0;
  await open({
    caps: modern,
    hears(sent, itself) {
      if (sent.command === 'WHOIS') whois(itself, said > 24 ? 'mallory' : 'alice');
      if (sent.command !== 'PRIVMSG') return;
      said += 1;
      itself.echo(sent);
    },
  });
  await expect(post(table(60), { to: 'irc:test/alice' })).rejects.toThrow('not there');
  expect(said).toBe(40);
});

test('a guest who is gone is told nothing more, whoever has the nick', async () => {
  await open(
    { caps: modern, hears: (sent, { echo }) => sent.command === 'PRIVMSG' && echo(sent) },
    {
      rate: { burst: 2, everyMs: 20 },
    },
  );
  const pages = post(table(60), {}, guest);
  await eventually(() => saidTo('bob').length > 5);
  server.tell(':bob!b@host QUIT :gone');
  await expect(pages).rejects.toThrow(PlaceRefused);
  expect(saidTo('bob').length).toBeLessThan(20);
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
