import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIrc } from '../../adapters/irc/irc.ts';
import { type Adapter, Later, type Place } from '../../src/chat/message.ts';
import { type Report, say } from '../../src/chat/report.ts';
import { times } from '../setup/chance.ts';
import { asShipped, type Ops, openOps, channel as opsChannel } from './ops.ts';
import { arrive, type Person } from './person.ts';
import { type IrcServers, onDebian, type ServerName, startIrc } from './servers.ts';

/** vigie at the rate and the pace it is shipped with, on servers with the limits they are shipped with. */
interface Room {
  readonly vigie: Adapter;
  readonly reader: Person;
  readonly place: Place;
  readonly direct: Place;
  losses(): number;
  post(place: Place, report: Report, weight: 'answer' | 'news'): Promise<void>;
  close(): Promise<void>;
}

/** At one line a second: a minute every day, over three at length. */
const rows = times(1) > 1 ? 200 : 60;
let irc: IrcServers;
let ops: Ops;
/** Who opened the channel before vigie came: it is nobody there, as in any channel. */
let founders: Readonly<Record<string, Person>>;
let keys = 0;
let rooms = 0;

const names: readonly ServerName[] = ['inspircd', 'ngircd', 'hybrid'];

describe.runIf(onDebian)('no flood ends the connection, and no line is lost', () => {
  beforeAll(async () => {
    irc = await startIrc(...names);
    const network = (name: ServerName) => ({ port: irc[name].port, services: name === 'inspircd' });
    const founded = names.map(async (name) => [name, await join(name, 'founder')] as const);
    founders = Object.fromEntries(await Promise.all(founded));
    const networks = { test: network('inspircd'), bare: network('ngircd'), strict: network('hybrid') };
    ops = await openOps({ networks, shipped: true });
  }, 120_000);
  afterAll(async () => {
    await ops?.close();
    await irc?.stop();
  });

  function join(name: ServerName, nick: string, channel = opsChannel): Promise<Person> {
    const port = name === 'inspircd' ? irc.inspircd.fast : irc[name].port;
    return arrive({ port, nick, channels: [channel] });
  }

  async function open(name: ServerName): Promise<Room> {
    // Several rooms on one server at a time: each has its own people and channel.
    rooms += 1;
    const [nick, channel] = [`reader${rooms}`, `#ops${rooms}`];
    let losses = 0;
    const vigie = createIrc({
      ...asShipped('test', irc[name].port, false),
      nick: `vigie${rooms}`,
      channels: [{ name: channel, key: null }],
      log: (level) => {
        if (level === 'warn') losses += 1;
      },
    });
    await vigie.start(async () => {});
    const reader = await join(name, nick, channel);
    const place: Place = { adapter: 'irc', id: `irc:test/${channel}`, kind: 'channel' };
    const direct: Place = { adapter: 'irc', id: `irc:test/~${nick}`, kind: 'direct' };
    const post: Room['post'] = async (where, report, weight) => {
      keys += 1;
      const key = `k${keys}`;
      for (;;) {
        try {
          await vigie.post(where, report, { key, weight });
          return;
        } catch (error) {
          if (!String(error).includes('not in')) throw error;
          await sleep(100);
        }
      }
    };
    await post(place, say('here'), 'answer');
    const close = async () => {
      await vigie.stop();
      await reader.quit();
    };
    return { vigie, reader, place, direct, losses: () => losses, post, close };
  }

  /** Whole, as one person reads it who asked in private. */
  const long: Report = {
    title: `demo: ${rows} servers`,
    tone: 'plain',
    blocks: [
      {
        kind: 'table',
        columns: ['server', 'host', 'status'],
        rows: Array.from({ length: rows }, (_, row) => [`web-${row}`, `cmp${row % 40}`, 'ACTIVE'.padEnd(60, '.')]),
      },
    ],
  };

  /** How far one job is, as the deliveries tell it: what can wait is asked again, with what is true by then. */
  async function tellProgress({ vigie, place }: Room, job: number, over: () => boolean): Promise<void> {
    const steps = (done: number): Report => say(`job ${job}: ${done} of 999 steps`);
    let [done, told] = [0, -1];
    while (told < 999) {
      done = over() ? 999 : done + 1;
      const telling = { key: `job${job}`, weight: 'progress', phase: 'running' } as const;
      try {
        await vigie.revise({ place, handle: telling.key }, steps(done), told < 0 ? null : steps(told), telling);
        told = done;
        await sleep(1000);
      } catch (error) {
        if (!(error instanceof Later)) throw error;
        await sleep(Math.min(error.ms, 2000));
      }
    }
  }

  test.concurrent.each(names)(
    '%s: a lone answer comes within 5 s while a long report and ten jobs speak',
    async (name) => {
      const room = await open(name);
      const { reader, post, place, direct, losses, close, vigie } = room;
      let over = false;
      const report = post(direct, long, 'news').finally(() => {
        over = true;
      });
      const jobs = Array.from({ length: 10 }, (_, job) => tellProgress(room, job, () => over));
      await sleep(6000);
      const before = reader.heard.length;
      const asked = performance.now();
      await post(place, say('the lone answer'), 'answer');
      const lone = await reader.hears(/the lone answer/);
      expect(performance.now() - asked).toBeLessThan(5000);
      // A line a second: no more of the others went before it.
      expect(reader.heard.indexOf(lone) - before).toBeLessThan(5);
      await Promise.all([report, ...jobs]);
      await reader.hears(new RegExp(`web-${rows - 1} `));
      expect(vigie.connected()).toBe(true);
      expect(losses()).toBe(0);
      const texts = reader.heard.map(({ text }) => text);
      for (let job = 0; job < 10; job += 1)
        expect(texts.filter((text) => text.includes(`job ${job}: 999 `))).toHaveLength(1);
      for (let row = 0; row < rows; row += 1)
        expect(texts.filter((text) => text.includes(`web-${row} `))).toHaveLength(1);
      await close();
    },
    500_000,
  );

  const crowd = (name: ServerName) => Promise.all(Array.from({ length: 30 }, (_, who) => join(name, `asker${who}`)));

  /** Without a voice hybrid throws away what they ask. */
  function giveVoice(boss: Person, people: readonly Person[]): void {
    for (let at = 0; at < people.length; at += 4) {
      const some = people.slice(at, at + 4).map(({ nick }) => nick);
      boss.raw(`MODE ${opsChannel} +${'v'.repeat(some.length)} ${some.join(' ')}`);
    }
  }

  /** All at once. */
  function everyoneAsks(people: readonly Person[]): void {
    for (const [who, person] of people.entries()) person.say(opsChannel, `!help f0${String(who).padStart(2, '0')}`);
  }

  /** Whose questions the channel heard, and whose it heard answered. */
  function questions({ heard }: Person, after: number, from: (nick: string) => boolean): string[] {
    return heard
      .slice(after)
      .filter((one) => from(one.from))
      .flatMap(({ text }) => /\bf0\d\d\b/.exec(text)?.[0] ?? []);
  }
  const founder = (name: ServerName) => founders[name] ?? expect.fail(`nobody founded ${name}'s channel`);
  const asked = (nick: string) => nick.startsWith('asker');
  const answered = (nick: string) => nick === 'vigie';

  test.concurrent.each(names)(
    '%s: thirty people ask at once, and each is answered once, in order, within 45 s',
    async (name) => {
      const reader = founder(name);
      const people = await crowd(name);
      giveVoice(reader, people);
      await reader.ask(opsChannel, '!whoami', /account|nobody/);
      const after = reader.heard.length;
      const begun = performance.now();
      everyoneAsks(people);
      await expect.poll(() => questions(reader, after, answered).length, { timeout: 60_000 }).toBe(30);
      expect(performance.now() - begun).toBeLessThan(45_000);
      await sleep(2000);
      // As the channel heard them: that is the order in which they were asked.
      expect(questions(reader, after, answered)).toEqual(questions(reader, after, asked));
      await Promise.all(people.map((person) => person.quit()));
    },
    150_000,
  );

  test.concurrent.each(names)(
    '%s: 5,000 bytes with emoji and combining characters arrive whole',
    async (name) => {
      const { reader, post, direct, close } = await open(name);
      const text = Array.from({ length: 330 }, (_, word) => `${word}👩‍👩‍👧e\u0301`).join(' ');
      expect(Buffer.byteLength(text)).toBeGreaterThan(5000);
      await post(direct, say('a long text', text), 'answer');
      await reader.hears(/329👩/u);
      const toMe = reader.heard.filter(({ kind, target }) => kind === 'message' && target === reader.nick);
      const [title, ...lines] = toMe.map(({ text: line }) => line);
      expect(title).toBe('a long text');
      // Two spaces stand before every line of it, broken or not.
      expect(lines.map((line) => line.replace(/^ {2}/, '')).join(' ')).toEqual(text);
      await close();
    },
    100_000,
  );

  test('hybrid throws away what a channel without voices says at once: each question that it heard is answered once, in order', async () => {
    const reader = founder('hybrid');
    const people = await crowd('hybrid');
    // What was said before is forgotten by then.
    await sleep(15_000);
    const after = reader.heard.length;
    const begun = performance.now();
    everyoneAsks(people);
    await expect.poll(() => questions(reader, after, asked).length).toBeGreaterThan(5);
    await sleep(2000);
    const heard = questions(reader, after, asked);
    await expect.poll(() => questions(reader, after, answered).length).toBe(heard.length);
    expect(performance.now() - begun).toBeLessThan(45_000);
    await sleep(5000);
    expect(questions(reader, after, answered)).toEqual(heard);
    await Promise.all(people.map((person) => person.quit()));
  }, 150_000);

  test('hybrid stands still for 10 s in mid-report: it is not sent more than it takes, and all arrives', async () => {
    const { reader, post, direct, losses, close, vigie } = await open('hybrid');
    const lines = Array.from({ length: 25 }, (_, line) => `line ${line}: ${'x'.repeat(370)}`);
    const told = post(
      direct,
      { title: 'a log', tone: 'plain', blocks: [{ kind: 'code', text: lines.join('\n') }] },
      'news',
    );
    await reader.hears(/line 3:/);
    irc.hybrid.signal('SIGSTOP');
    await sleep(10_000);
    irc.hybrid.signal('SIGCONT');
    await told;
    await reader.hears(/line 24:/);
    expect(vigie.connected()).toBe(true);
    expect(losses()).toBe(0);
    const heard = reader.heard.flatMap(({ text }) => /line (\d+):/.exec(text)?.[1] ?? []);
    expect(heard).toEqual(lines.map((_, line) => String(line)));
    await close();
  }, 150_000);
});
