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
let keys = 0;
let rooms = 0;

const names: readonly ServerName[] = ['inspircd', 'ngircd', 'hybrid'];

describe.runIf(onDebian)('no flood ends the connection, and no line is lost', () => {
  beforeAll(async () => {
    irc = await startIrc(...names);
    const network = (name: ServerName) => ({ port: irc[name].port, services: name === 'inspircd' });
    const networks = { test: network('inspircd'), bare: network('ngircd'), strict: network('hybrid') };
    ops = await openOps({ networks, shipped: true });
  }, 120_000);
  afterAll(async () => {
    await ops?.close();
    await irc?.stop();
  });

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
    const port = name === 'inspircd' ? irc.inspircd.fast : irc[name].port;
    const reader = await arrive({ port, nick, channels: [channel] });
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

  // hybrid throws away what one channel hears above ten lines and then one a second, from all together: see below.
  test.concurrent.each(['inspircd', 'ngircd'] as const)(
    '%s: thirty people ask at once, and each is answered once, in order, within 45 s',
    async (name) => {
      const port = name === 'inspircd' ? irc.inspircd.fast : irc[name].port;
      const reader = await arrive({ port, nick: 'watcher', channels: [opsChannel] });
      const people = await Promise.all(
        Array.from({ length: 30 }, (_, who) => arrive({ port, nick: `asker${who}`, channels: [opsChannel] })),
      );
      await reader.ask(opsChannel, '!whoami', /account|nobody/);
      const after = reader.heard.length;
      const asked = performance.now();
      for (const [who, person] of people.entries()) {
        person.say(opsChannel, `!help f0${String(who).padStart(2, '0')}`);
        await sleep(150);
      }
      const ids = (from: (nick: string) => boolean) =>
        reader.heard
          .slice(after)
          .filter((heard) => from(heard.from))
          .flatMap(({ text }) => /\bf0\d\d\b/.exec(text)?.[0] ?? []);
      await expect.poll(() => ids((nick) => nick === 'vigie').length, { timeout: 60_000 }).toBe(30);
      const took = performance.now() - asked;
      expect(took).toBeLessThan(45_000);
      await sleep(2000);
      // As the channel heard them: that is the order in which they were asked.
      expect(ids((nick) => nick === 'vigie')).toEqual(ids((nick) => nick.startsWith('asker')));
      await Promise.all([reader, ...people].map((person) => person.quit()));
    },
    150_000,
  );

  test.concurrent('hybrid: thirty answers are due at once, and each arrives once, in order, within 45 s', async () => {
    const { reader, post, place, losses, close } = await open('hybrid');
    const asked = performance.now();
    await Promise.all(Array.from({ length: 30 }, (_, who) => post(place, say(`answer ${who}.`), 'answer')));
    await reader.hears(/answer 29\./);
    expect(performance.now() - asked).toBeLessThan(45_000);
    const answers = reader.heard.flatMap(({ text }) => /answer (\d+)\./.exec(text)?.[1] ?? []);
    expect(answers).toEqual(Array.from({ length: 30 }, (_, who) => String(who)));
    expect(losses()).toBe(0);
    await close();
  }, 100_000);

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
