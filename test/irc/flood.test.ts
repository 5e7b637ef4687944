import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIrc } from '../../adapters/irc/irc.ts';
import type { Adapter, Place } from '../../src/chat/message.ts';
import { type Report, say } from '../../src/chat/report.ts';
import { times } from '../setup/chance.ts';
import { ircOptions } from './ops.ts';
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
let keys = 0;
let rooms = 0;

const names: readonly ServerName[] = ['inspircd', 'ngircd', 'hybrid'];

describe.runIf(onDebian)('no flood ends the connection, and no line is lost', () => {
  beforeAll(async () => {
    irc = await startIrc(...names);
  }, 120_000);
  afterAll(() => irc?.stop());

  async function open(name: ServerName): Promise<Room> {
    // Several rooms on one server at a time: each has its own people and channel.
    rooms += 1;
    const [nick, channel] = [`reader${rooms}`, `#ops${rooms}`];
    const { rate: _lifted, pace: _quick, ...options } = ircOptions('test', irc[name].port, false);
    let losses = 0;
    const vigie = createIrc({
      ...options,
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
          await new Promise((resolve) => setTimeout(resolve, 100));
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

  test.concurrent.each(names)(
    '%s: a lone answer comes within 5 s while a long report and ten jobs speak',
    async (name) => {
      const { reader, post, place, direct, losses, close, vigie } = await open(name);
      const said = [post(direct, long, 'news')];
      for (let job = 0; job < 10; job += 1) said.push(post(place, say(`job ${job}: 3 of 12 steps`), 'news'));
      await new Promise((resolve) => setTimeout(resolve, 6000));
      const before = reader.heard.length;
      const asked = performance.now();
      await post(place, say('the lone answer'), 'answer');
      const lone = await reader.hears(/the lone answer/);
      expect(performance.now() - asked).toBeLessThan(5000);
      // A line a second: no more of the others went before it.
      expect(reader.heard.indexOf(lone) - before).toBeLessThan(5);
      await Promise.all(said);
      await reader.hears(new RegExp(`web-${rows - 1} `));
      expect(vigie.connected()).toBe(true);
      expect(losses()).toBe(0);
      const texts = reader.heard.map(({ text }) => text);
      for (let job = 0; job < 10; job += 1)
        expect(texts.filter((text) => text.includes(`job ${job}:`))).toHaveLength(1);
      for (let row = 0; row < rows; row += 1)
        expect(texts.filter((text) => text.includes(`web-${row} `))).toHaveLength(1);
      await close();
    },
    400_000,
  );

  test.concurrent.each(names)(
    '%s: thirty ask at once, and each is answered once, in order, within 45 s',
    async (name) => {
      const { reader, post, place, losses, close } = await open(name);
      const asked = performance.now();
      await Promise.all(Array.from({ length: 30 }, (_, who) => post(place, say(`answer ${who}.`), 'answer')));
      await reader.hears(/answer 29\./);
      expect(performance.now() - asked).toBeLessThan(45_000);
      const answers = reader.heard.flatMap(({ text }) => /answer (\d+)\./.exec(text)?.[1] ?? []);
      expect(answers).toEqual(Array.from({ length: 30 }, (_, who) => String(who)));
      expect(losses()).toBe(0);
      await close();
    },
    100_000,
  );

  test.concurrent.each(names)(
    '%s: 5,000 bytes with emoji and combining characters arrive whole',
    async (name) => {
      const { reader, post, direct, close } = await open(name);
      const words = Array.from({ length: 330 }, (_, word) => `${word}👩‍👩‍👧é`);
      const text = words.join(' ');
      expect(Buffer.byteLength(text)).toBeGreaterThan(5000);
      await post(direct, say('a long text', text), 'answer');
      await reader.hears(/329👩/u);
      const got = reader.heard
        .filter(({ target }) => target === reader.nick)
        .map(({ text: line }) => line)
        .join(' ');
      for (const word of words) expect(got).toContain(word);
      expect(got).not.toContain('\ufffd');
      await close();
    },
    100_000,
  );
});
