import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { accounts } from './accounts.ts';

/** Something that reached this person. */
export interface Heard {
  readonly kind: 'message' | 'notice' | 'mark';
  readonly from: string;
  readonly account: string | null;
  /** The channel, or this person's nick. */
  readonly target: string;
  readonly text: string;
  readonly msgid: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** Somebody on IRC, with a real client in front of them. */
export interface Person {
  readonly nick: string;
  /** Everything heard so far, in order. */
  readonly heard: readonly Heard[];
  say(target: string, text: string, tags?: Readonly<Record<string, string>>): void;
  /** A mark on a message: ✅, ❌. Withdrawn with `gone`. */
  react(target: string, msgid: string, mark: string, gone?: 'gone'): void;
  /** A line of the protocol, as typed. */
  raw(line: string): void;
  /** The first message that fits, from `after` on (default: from the start); fails after a minute. */
  hears(what: RegExp | ((heard: Heard) => boolean), options?: { after?: number; ms?: number }): Promise<Heard>;
  /** Says a line and waits for the first line of vigie's that fits. */
  ask(target: string, text: string, what: RegExp, ms?: number): Promise<Heard>;
  quit(): Promise<void>;
}

/** What comes ends the wait; on a busy machine it may come late. */
const patienceMs = 60_000;

export interface Arrival {
  readonly port: number;
  readonly nick: string;
  /** One of the registered accounts; null comes as nobody. */
  readonly account?: keyof typeof accounts | null;
  readonly channels?: readonly string[];
}

interface Event {
  readonly nick?: string;
  readonly account?: string;
  readonly target?: string;
  readonly message?: string;
  readonly channel?: string;
  readonly tags?: Record<string, string>;
}

/** The little of irc-framework that a person needs; it brings no types of its own. */
interface Client {
  readonly user: { readonly nick: string };
  connect(options: object): void;
  on(event: string, listener: (event: Event) => void): void;
  raw(line: string): void;
  say(target: string, text: string, tags?: object): void;
  tagmsg(target: string, tags: object): void;
  quit(): void;
}

const { Client: IrcClient }: { Client: new () => Client } = createRequire(import.meta.url)('irc-framework');

/** Connects, logs in with SASL, joins; ready when all of it is done. */
export async function arrive({ port, nick, account = null, channels = [] }: Arrival): Promise<Person> {
  const client = new IrcClient();
  const heard: Heard[] = [];
  const joined = new Set<string>();
  const seen = new Set(account === null ? ['loggedin'] : []);
  for (const [event, kind] of [
    ['privmsg', 'message'],
    ['notice', 'notice'],
    ['tagmsg', 'mark'],
  ] as const)
    client.on(event, (said) => heard.push(heardOf(kind, said)));
  for (const event of ['registered', 'loggedin', 'sasl failed', 'close']) client.on(event, () => void seen.add(event));
  // The server may not have noticed yet that whoever had it is gone.
  client.on('nick in use', () => {
    if (!seen.has('registered')) setTimeout(() => client.raw(`NICK ${nick}`), 100).unref();
  });
  client.on('join', ({ nick: who, channel = '' }) => {
    if (who === client.user.nick) joined.add(channel.toLowerCase());
  });
  const credentials = account === null ? {} : { account: { account, password: accounts[account] } };
  client.connect({
    host: '127.0.0.1',
    port,
    nick,
    username: nick,
    gecos: nick,
    auto_reconnect: false,
    version: '',
    ...credentials,
  });
  const isIn = () => {
    if (seen.has('sasl failed')) fail(`services do not let ${nick} log in`);
    return seen.has('registered') && seen.has('loggedin');
  };
  await until(`${nick} to arrive`, isIn).catch((error: unknown) => {
    client.quit();
    throw error;
  });
  for (const channel of channels) client.raw(`JOIN ${channel}`);
  await until(`${nick} to join`, () => joined.size >= channels.length);

  const hears: Person['hears'] = async (what, { after = 0, ms = patienceMs } = {}) => {
    const fits = typeof what === 'function' ? what : ({ text }: Heard) => what.test(text);
    await until(
      `${nick} to hear ${String(what)}`,
      () => heard.slice(after).some(fits),
      ms,
      () => transcript(heard),
    );
    return heard.slice(after).find(fits) ?? fail('it was heard');
  };
  return {
    get nick() {
      return client.user.nick;
    },
    heard,
    say: (target, text, tags = {}) => client.say(target, text, tags),
    react: (target, msgid, mark, gone) =>
      client.tagmsg(target, { [gone === 'gone' ? '+draft/unreact' : '+draft/react']: mark, '+draft/reply': msgid }),
    raw: (line) => client.raw(line),
    hears,
    async ask(target, text, what, ms = patienceMs) {
      const after = heard.length;
      client.say(target, text);
      return hears(({ from, text: said }) => from !== client.user.nick && what.test(said), { after, ms });
    },
    async quit() {
      client.quit();
      await until(`${nick} to leave`, () => seen.has('close'));
    },
  };
}

function heardOf(kind: Heard['kind'], { nick = '', account, target = '', message = '', tags = {} }: Event): Heard {
  return { kind, from: nick, account: account ?? null, target, text: message, msgid: tags['msgid'] ?? null, tags };
}

async function until(what: string, holds: () => boolean, ms = patienceMs, more = (): string => ''): Promise<void> {
  for (const end = performance.now() + ms; !holds(); await sleep(10))
    if (performance.now() > end) fail(`${what}: not within ${ms} ms\n${more()}`);
}

function transcript(heard: readonly Heard[]): string {
  return heard
    .slice(-30)
    .map(({ from, target, text }) => `<${from} ${target}> ${text}`)
    .join('\n');
}

function fail(message: string): never {
  throw new Error(message);
}
