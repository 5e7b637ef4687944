import { randomBytes } from 'node:crypto';
import { type RunningBot, startBot } from '../src/bot.ts';
import type { Adapter, Message, Place, PostOptions, Receipt } from '../src/chat/message.ts';
import type { Report } from '../src/chat/report.ts';
import { loadRegistry, type Registry } from '../src/command/registry.ts';
import { openBells } from '../src/jobs/queue.ts';
import { isAnswered } from '../src/jobs/settled.ts';
import { type Log, logTo } from '../src/log.ts';
import { type Database, isUnreachable, openDatabase } from '../src/mysql/database.ts';
import type { Cloud } from '../src/openstack/cloud.ts';
import type { Policy } from '../src/policy/policy.ts';
import { policyOf } from '../src/policy/policy.ts';
import { parsePolicy } from '../src/policy/policy-file.ts';
import { type RunningWorker, startWorker } from '../src/worker.ts';
import { everyRow, secretFinder } from './setup/secrets.ts';
import { freshDatabase, redisPrefix, redisUrl, type TestDatabase } from './setup/servers.ts';

/** A chat room on this side of the adapter port: what was posted can be read, what is said is heard. */
export interface Room extends Adapter {
  readonly posts: Post[];
  hear(message: Message): Promise<void>;
}

export interface Post {
  readonly place: Place;
  readonly options: PostOptions;
  readonly handle: string;
  report: Report;
  readonly history: Report[];
}

export const room: Place = { adapter: 'test', id: 'test:room', kind: 'channel' };

export function openRoom(connection = 'test:room'): Room {
  const posts: Post[] = [];
  let listener: (message: Message) => Promise<void> = async () => {};
  return {
    name: 'test',
    connection,
    able: { buttons: true, reactions: false, files: false, edit: true, private: true, find: true, threads: false },
    posts,
    hear: (message) => listener(message),
    start: async (hear) => {
      listener = hear;
    },
    async post(place, report, options): Promise<Receipt> {
      const handle = randomBytes(4).toString('hex');
      posts.push({ place, options, handle, report, history: [report] });
      return { place, handle };
    },
    async find(place, key) {
      const found = posts.find((post) => post.options.key === key && post.place.id === place.id);
      return found === undefined ? null : { place, handle: found.handle };
    },
    async revise(receipt, report) {
      const post = posts.find(({ handle }) => handle === receipt.handle);
      if (post === undefined) throw new Error('no such post');
      post.report = report;
      post.history.push(report);
    },
    connected: () => true,
    stop: async () => {},
  };
}

export const storyPolicy = `
people:
  alice: { accounts: [test:alice, test:alice2], roles: [operator, approver] }
  bob: { accounts: [test:bob], roles: [operator, approver] }
  carol: { accounts: [test:carol], roles: [operator, approver] }
  rita: { accounts: [test:rita], roles: [reader] }
  root: { accounts: [test:root], roles: [admin, approver] }
rules:
  - allow: [everyone]
break_glass: { roles: [admin], announce: ['test:room'] }
places:
  'test:room': { cloud: demo }
`;

export interface StoryOptions {
  readonly registry?: Registry;
  readonly policy?: string;
  /** By name; each worker connects for itself, once. */
  readonly clouds?: Readonly<Record<string, (parts: { database: Database; log: Log }) => Promise<Cloud>>>;
  readonly workers?: number;
  /** Chats beside the room, held by the same bot. */
  readonly adapters?: readonly Adapter[];
  /** A Redis of the story's own, to be taken away or wiped. */
  readonly redis?: string;
  /** A database of the story's own, on a server that may be killed. */
  readonly databaseUrl?: string;
}

export interface Story {
  readonly database: Database;
  /** As DATABASE_URL has it. */
  readonly databaseUrl: string;
  readonly room: Room;
  readonly workers: RunningWorker[];
  readonly bot: RunningBot;
  readonly registry: Registry;
  readonly log: Log;
  policy(): Policy;
  /** Says a line as that person and waits for the whole answer: the report that stands there in the end. */
  say(person: string, line: string): Promise<Report>;
  /** Says it and waits for nothing but that it was heard. Returns the message's key. */
  mutter(person: string, line: string, key?: string): Promise<string>;
  /** The card of a job as it stands. */
  card(job: string): Report | undefined;
  /** The job that a message opened. */
  jobOf(key: string): Promise<string>;
  lastJob(): Promise<string>;
  state(job: string): Promise<string>;
  until(what: string, holds: () => Promise<boolean> | boolean, ms?: number): Promise<void>;
  startWorker(policy?: string): Promise<RunningWorker>;
  /** A bot of its own process, as far as rows and bells can tell: another chat beside the first. */
  startBot(connection: string): Promise<Room>;
  stop(): Promise<void>;
}

/** A bot with a room, a worker, real Redis and MariaDB: stories enter by the front door. */
export async function openStory(options: StoryOptions = {}): Promise<Story> {
  const fresh = options.databaseUrl === undefined ? await freshDatabase('story') : notOurs(options.databaseUrl);
  const database = await openDatabase(fresh.url);
  const bells = options.redis === undefined ? openBells(redisUrl(), redisPrefix()) : openBells(options.redis);
  const registry = options.registry ?? (await loadRegistry(new URL('../commands', import.meta.url)));
  const logged: string[] = [];
  const log = logTo({ write: (line) => void keepLine(logged, line) }, { level: 'debug', name: 'story' });
  const policy = policyOf(parsePolicy(options.policy ?? storyPolicy, 'policy.yaml'));
  const chat = openRoom();
  const base = { version: 'test', database, bells, registry, log, policy: () => policy };
  const others: { room: Room; stop(): Promise<void> }[] = [];
  const clouds = options.clouds ?? {};
  const workers: RunningWorker[] = [];
  async function oneWorker(text?: string): Promise<RunningWorker> {
    const read = text === undefined ? policy : policyOf(parsePolicy(text, 'policy.yaml'));
    const connected = new Map<string, Promise<Cloud>>();
    const worker = await startWorker({
      ...base,
      policy: () => read,
      clouds: Object.keys(clouds),
      cloud: async (name) => {
        const make = clouds[name];
        if (make === undefined) throw new Error(`no cloud ${name}`);
        const known = connected.get(name) ?? make({ database, log });
        connected.set(name, known);
        return known;
      },
    });
    workers.push(worker);
    return worker;
  }
  for (let n = 0; n < (options.workers ?? 1); n += 1) await oneWorker();
  const bot = await startBot({ ...base, adapters: [chat, ...(options.adapters ?? [])], prefix: '!' });

  async function mutter(person: string, line: string, key = randomBytes(6).toString('hex')): Promise<string> {
    await chat.hear({
      key,
      from: { account: `test:${person}`, name: person },
      place: room,
      text: line,
      at: new Date(),
    });
    return key;
  }
  async function until(what: string, holds: () => Promise<boolean> | boolean, ms = 25_000): Promise<void> {
    const giveUp = performance.now() + ms;
    while (!(await holds())) {
      if (performance.now() > giveUp) throw new Error(`${what}: not within ${ms} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  async function jobOf(key: string): Promise<string> {
    const row = await database.rows
      .selectFrom('job')
      .select('id')
      .where('message_key', '=', key)
      .where('parent', 'is', null)
      .orderBy('created_at')
      .executeTakeFirstOrThrow();
    return row.id;
  }
  function card(job: string): Report | undefined {
    return chat.posts.find((post) => post.options.key.startsWith(`card:${job}:`))?.report;
  }
  return {
    database,
    databaseUrl: fresh.url,
    room: chat,
    workers,
    bot,
    registry,
    log,
    policy: () => policy,
    mutter,
    until,
    jobOf,
    card,
    async say(person, line) {
      const key = await mutter(person, line);
      await until(`an answer to ${line}`, () => isAnswered(database.rows, key), 60_000);
      const said = chat.posts
        .filter(({ options: { key: said } }) => said === `answer:test:${key}` || said === `now:${key}`)
        .at(-1);
      const report = said?.report ?? card(await jobOf(key));
      if (report === undefined) throw new Error(`nothing was said to ${line}`);
      return report;
    },
    async lastJob() {
      const row = await database.rows
        .selectFrom('job')
        .select('id')
        .where('parent', 'is', null)
        .orderBy('created_at', 'desc')
        .executeTakeFirstOrThrow();
      return row.id;
    },
    async state(job) {
      const row = await database.rows.selectFrom('job').select('state').where('id', '=', job).executeTakeFirstOrThrow();
      return row.state;
    },
    startWorker: oneWorker,
    async startBot(connection) {
      const second = openRoom(connection);
      const rowsOfItsOwn = await openDatabase(fresh.url);
      const running = await startBot({ ...base, database: rowsOfItsOwn, adapters: [second], prefix: '!' });
      others.push({ room: second, stop: async () => void (await running.stop().then(() => rowsOfItsOwn.close())) });
      return second;
    },
    async stop() {
      for (const other of others) await other.stop();
      await bot.stop();
      for (const worker of workers) await worker.stop();
      await bells.close();
      await database.close();
      const said = [chat, ...others.map(({ room }) => room)].flatMap(({ posts }) => posts);
      const leak = await leakIn({ url: fresh.url, said, logged });
      await fresh.drop();
      if (leak !== null) throw new Error(leak);
    },
  };
}

function notOurs(url: string): Pick<TestDatabase, 'url' | 'drop'> {
  return { url, drop: async () => {} };
}

/** Everything that is said, written or logged is looked through, however the story went. */
const keptLines = 50_000;

function keepLine(logged: string[], line: string): void {
  if (logged.length < keptLines) logged.push(line);
  if (process.env['STORY_LOG'] !== undefined) process.stderr.write(line);
}

interface Outputs {
  readonly url: string;
  readonly said: readonly Post[];
  readonly logged: readonly string[];
}

/** Where a secret stands, and which; the scan of a database that is not there any more ends in silence. */
async function leakIn({ url, said, logged }: Outputs): Promise<string | null> {
  const find = await secretFinder();
  for (const post of said) {
    const found = find(JSON.stringify(post.history));
    if (found !== null) return `the chat was told ${found}: ${post.report.title}`;
  }
  for (const line of logged) {
    const found = find(line);
    if (found !== null) return `the log holds ${found}: ${line}`;
  }
  try {
    for await (const [table, row] of everyRow(url)) {
      const found = find(row);
      if (found !== null) return `the table ${table} holds ${found}: ${row.slice(0, 500)}`;
    }
  } catch (error) {
    if (!isUnreachable(error)) throw error;
  }
  return null;
}
