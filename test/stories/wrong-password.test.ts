import { createServer } from 'node:http';
import { createServer as createSocketServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Log } from '../../src/log.ts';
import type { Database } from '../../src/mysql/database.ts';
import type { CloudConfig, PasswordLogin } from '../../src/openstack/config.ts';
import { connect, openStoryCloud, type StoryCloud } from '../clouds.ts';
import { openStory, type Story } from '../story.ts';
import { wordsOf } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

let cloud: StoryCloud;
let story: Story;
let counting: Counting;
let password = 'wrong';
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  cloud = await openStoryCloud();
  counting = await countLogins(cloud.authUrl);
  const dead = `http://127.0.0.1:${await closedPort()}/v3`;
  story = await openStory({
    workers: 2,
    clouds: {
      demo: (parts) => to({ authUrl: counting.url, fingerprint: 'f1', login: loginNow() }, parts),
      young: (parts) => to({ name: 'young', authUrl: counting.url, fingerprint: 'f3', login: loginNow() }, parts),
      gone: (parts) => to({ name: 'gone', authUrl: dead, fingerprint: 'f2' }, parts),
    },
  });
});
afterAll(async () => {
  await story?.stop();
  for (const one of open) await one.close();
  await counting?.close();
  await cloud?.stop();
});

async function to(changes: Partial<CloudConfig>, parts: { database: Database; log: Log }) {
  const opened = connect(cloud.config(changes), parts);
  open.push(opened);
  return opened.cloud;
}

const say = async (person: string, line: string) => wordsOf(await story.say(person, `!${line}`));

test('a wrong password is sent once, however many commands follow on however many workers', async () => {
  await say('rita', 'hosts');
  const lines = [
    'hosts',
    'servers',
    'host cmp1',
    'server web-1',
    'maintenance cmp1',
    'disable cmp1 --reason x',
    'protect web',
  ];
  const said = await Promise.all(lines.map((line) => say('alice', line)));

  for (const words of said) {
    expect(words).toMatch(/^demo: Keystone refused the login of user admin \(401, req-[0-9a-f-]+\): /);
    expect(words).toContain('No other login is tried until');
    expect(words).toContain('`clouds trust demo`');
    expect(words).not.toMatch(/wrong|\n/);
  }
  expect(counting.logins()).toBe(1);
  expect(await traces()).toEqual({ claims: 0, leases: 0, votes: 0 });
});

test('workers whose first logins fall together send one', async () => {
  const before = counting.logins();
  const said = await Promise.all(
    ['hosts', 'servers', 'host cmp1', 'host cmp2'].map((line) => say('rita', `${line} --cloud young`)),
  );
  for (const words of said) expect(words).toMatch(/^young: Keystone refused the login of user admin/);
  expect(counting.logins() - before).toBe(1);
});

test('trusted again it is tried once more; right by then, everything goes on', async () => {
  expect(await say('alice', 'clouds trust demo')).toContain('is tried again at the next command');
  await say('rita', 'hosts');
  await say('rita', 'hosts');
  expect(counting.logins()).toBe(3);

  password = 'lab';
  expect(await say('rita', 'hosts')).toContain('`clouds trust demo`');
  expect(counting.logins()).toBe(3);
  await say('alice', 'clouds trust demo');
  expect(await say('rita', 'hosts')).toMatch(/^demo: \d+ compute hosts/);
  expect(await say('alice', 'clouds trust demo')).toContain('no credential of demo is held back');
});

test('a cloud where nothing listens is one clear line, and so is a host that is not there', async () => {
  for (const line of ['hosts --cloud gone', 'maintenance cmp1 --cloud gone']) {
    const words = await say('alice', line);
    expect(words).toMatch(
      /^gone: POST identity \/v3\/auth\/tokens got no answer: connect ECONNREFUSED 127\.0\.0\.1:\d+/,
    );
    expect(words).not.toContain('\n');
  }
  const host = await cloud.ownHost();
  const mistyped = `${host}x`;
  for (const line of [`host ${mistyped}`, `maintenance ${mistyped}`, `disable ${mistyped} --reason x`])
    expect(await say('alice', line)).toMatch(
      new RegExp(`^demo has no compute host "${mistyped}"; did you mean .*${host}`),
    );
  expect(await say('alice', 'hosts --cloud dmo')).toContain('there is no cloud dmo: did you mean demo?');
  expect(await traces()).toEqual({ claims: 0, leases: 0, votes: 0 });
});

/** What a command leaves that was more than a question. */
async function traces() {
  const { rows } = story.database;
  const of = async (table: 'claim' | 'lease' | 'vote') => (await rows.selectFrom(table).selectAll().execute()).length;
  return { claims: await of('claim'), leases: await of('lease'), votes: await of('vote') };
}

/** The password of the moment, as if somebody set the right one at Keystone. */
function loginNow(): PasswordLogin {
  const named = (name: string) => ({ name, domain: { name: 'Default' } });
  return {
    kind: 'password',
    user: named('admin'),
    scope: { project: named('admin') },
    get password() {
      return password;
    },
  };
}

interface Counting {
  readonly url: string;
  logins(): number;
  close(): Promise<void>;
}

/** Stands before the cloud's Keystone and counts who asks for a token. */
async function countLogins(target: string): Promise<Counting> {
  let logins = 0;
  const server = createServer(async (asked, answer) => {
    const body = Buffer.concat(await asked.toArray());
    if (asked.method === 'POST' && asked.url?.endsWith('/auth/tokens')) logins += 1;
    const headers = { 'content-type': 'application/json', 'x-auth-token': String(asked.headers['x-auth-token'] ?? '') };
    const sent = body.length > 0 ? { body } : {};
    const said = await fetch(new URL(asked.url ?? '/', target), { method: asked.method ?? 'GET', headers, ...sent });
    const names = ['content-type', 'x-subject-token', 'x-openstack-request-id'];
    const kept = names.flatMap((name) => {
      const value = said.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    answer.writeHead(said.status, Object.fromEntries(kept));
    answer.end(Buffer.from(await said.arrayBuffer()));
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}${new URL(target).pathname}`,
    logins: () => logins,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port where something listened a moment ago. */
async function closedPort(): Promise<number> {
  const server = createSocketServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('it does not listen');
  return bound.port;
}
