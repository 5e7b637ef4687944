import { afterEach, expect, test } from 'vitest';
import { homeOf } from '../../adapters/slack/places.ts';
import { createSlack } from '../../adapters/slack/slack.ts';
import type { Adapter, Message } from '../../src/chat/message.ts';
import { NotTaken } from '../../src/chat/message.ts';
import type { FakeSlack, SlackOptions } from './fake/slack.ts';
import { answers, isUp, type Mode, slackOptions, startManifestSlack } from './ops.ts';

let slack: FakeSlack;
let adapter: Adapter;
let log: string[];

afterEach(async () => {
  await adapter?.stop();
  await slack?.close();
});

async function open(
  mode: Mode,
  more: { readonly slack?: SlackOptions; hear?(message: Message): Promise<void>; readonly waits?: boolean } = {},
): Promise<Message[]> {
  slack = await startManifestSlack({ mode, ...more.slack });
  slack.person('alice');
  slack.channel('ops');
  log = [];
  const heard: Message[] = [];
  const options = {
    ...(await slackOptions(slack, mode)),
    log: (level: string, facts: object, words: string) => void log.push(`${level} ${words} ${JSON.stringify(facts)}`),
  };
  adapter = createSlack(options);
  await adapter.start(async (message) => {
    await more.hear?.(message);
    heard.push(message);
  });
  if (more.waits !== false) await isUp(slack, adapter, options);
  return heard;
}

const until = (what: () => boolean, ms = 10_000) => expect.poll(what, { timeout: ms, interval: 20 }).toBe(true);

test('two sockets; when Slack replaces them, or cuts them, nothing said meanwhile waits', async () => {
  const heard = await open('socket', { slack: { pace: 0.01, patience: 400 } });
  await until(() => slack.sockets.open === 2);
  let said = 0;
  const chatter = setInterval(() => {
    said += 1;
    slack.person('alice').say('ops', `!hosts --limit ${said}`);
  }, 50);
  for (const shake of [
    () => slack.sockets.announce('warning'),
    () => slack.sockets.announce('refresh_requested'),
    () => slack.sockets.drop(1),
    () => slack.sockets.drop(),
  ]) {
    shake();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  clearInterval(chatter);
  await until(() => slack.sockets.open === 2);
  await slack.delivery.quiet();
  const late = slack.delivered.map(
    ({ acked, attempts }) => (acked ?? Number.POSITIVE_INFINITY) - (attempts[0]?.at ?? 0),
  );
  expect(new Set(heard.map(({ key }) => key)).size).toBe(said);
  // The client's own reconnection would leave a hole of five seconds.
  expect(Math.max(...late)).toBeLessThan(1000);
}, 30_000);

test('sockets that Slack replaces without end are opened more and more slowly', async () => {
  await open('socket');
  await until(() => slack.sockets.open === 2);
  const before = slack.sockets.opened;
  const storm = setInterval(() => slack.sockets.announce('refresh_requested'), 20);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  clearInterval(storm);
  expect(slack.sockets.opened - before).toBeLessThan(16);
  expect(adapter.problem?.()).toBeNull();
}, 30_000);

test('where Socket Mode is switched off that is said, and it is tried for ever', async () => {
  await open('socket');
  await until(() => slack.sockets.open === 2);
  slack.sockets.announce('link_disabled');
  await until(() => log.some((line) => /^error .*link_disabled/.test(line)));
  await until(() => slack.sockets.opened >= 4 && adapter.problem?.() === null);
});

test('what has no event inside is received over a socket, too: Slack held events back', async () => {
  await open('socket');
  const payload = { type: 'app_rate_limited', team_id: slack.team, minute_rate_limited: 1518467820 };
  expect((await slack.delivery.once('events_api', payload)).acked).toBe(true);
  expect(adapter.problem?.()).toMatch(/held events back at 20:37 UTC/);
});

test('a revoked app token neither ends vigie nor leaves it deaf: said, shown, tried again', async () => {
  const heard = await open('socket');
  slack.revoke('app');
  slack.sockets.drop();
  await until(() => adapter.problem?.()?.includes('invalid_auth') === true);
  expect(log.some((line) => line.startsWith('error no socket to Slack'))).toBe(true);
  expect(log.join('\n')).not.toContain(slack.appToken);
  slack.restore('app');
  await until(() => adapter.problem?.() === null, 30_000);
  slack.person('alice').say('ops', '!hosts');
  await until(() => heard.length === 1);
}, 60_000);

test('a revoked bot token is noticed where it is used, and again when it is good', async () => {
  await open('http');
  expect(adapter.connected()).toBe(true);
  slack.revoke('bot');
  const place = { adapter: 'slack', id: `slack:${slack.team}/C0`, kind: 'channel' as const };
  const report = { title: 'x', tone: 'plain' as const, blocks: [] };
  await expect(adapter.post(place, report, { key: 'k', weight: 'news' })).rejects.toThrow(/invalid_auth|revoked/);
  await until(() => !adapter.connected());
  slack.restore('bot');
  await until(() => adapter.connected(), 20_000);
}, 40_000);

test('scopes that the app lacks are named at the start, and in the health', async () => {
  const scopes = ['app_mentions:read', 'channels:history', 'chat:write', 'commands', 'users:read'];
  await open('socket', { slack: { scopes }, waits: false });
  await until(() => adapter.problem?.()?.includes('lacks the scopes') === true);
  expect(adapter.problem?.()).toContain('reactions:read');
  expect(log.some((line) => line.includes('lacks scopes') && line.includes('im:write'))).toBe(true);
});

test('a token of another workspace is no token', async () => {
  slack = await startManifestSlack();
  adapter = createSlack({ ...(await slackOptions(slack, 'socket')), team: 'T0OTHER' });
  await adapter.start(async () => undefined);
  await until(() => adapter.problem?.()?.includes('mend SLACK_TEAM') === true);
  expect(adapter.connected()).toBe(false);
});

test.each<Mode>(['socket', 'http'])('%s: nothing is acknowledged before it is in rows', async (mode) => {
  let free: () => void = () => undefined;
  const rows = new Promise<void>((resolve) => {
    free = resolve;
  });
  await open(mode, { hear: () => rows });
  const alice = slack.person('alice');
  alice.say('ops', '!hosts');
  const slash = alice.slash('/vigie', 'hosts', 'ops');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(slack.delivered.map(({ acked }) => acked)).toEqual([null, null]);
  free();
  expect(await slash).toBe('done');
  await until(() => slack.delivered.every(({ acked }) => acked !== null));
});

test('what is told again while it is being taken is taken once, and then acknowledged', async () => {
  let free: () => void = () => undefined;
  const rows = new Promise<void>((resolve) => {
    free = resolve;
  });
  const heard = await open('socket', { hear: () => rows });
  slack.person('alice').mention('ops', 'hosts');
  await until(() => slack.delivered.length === 2 && slack.delivered.every(({ attempts }) => attempts.length === 1));
  const [told] = slack.delivered;
  const again = told === undefined ? [] : [slack.delivery.again(told), slack.delivery.again(told, 1)];
  free();
  expect((await Promise.all(again)).map(({ acked }) => acked !== null)).toEqual([true, true]);
  await slack.delivery.quiet();
  expect(heard.map(({ text }) => text)).toEqual(['!hosts']);
  await slack.delivery.again(told as (typeof slack.delivered)[number], 3);
  expect(heard).toHaveLength(1);
});

test('a press on a home is acknowledged before its home is shown anew', async () => {
  let free: () => void = () => undefined;
  const shown = new Promise<void>((resolve) => {
    free = resolve;
  });
  const heard = await open('socket', { hear: ({ text }) => (text === '!mine' ? shown : Promise.resolve()) });
  const alice = slack.person('alice');
  const place = homeOf(slack.team, alice.id);
  const replies = [{ label: 'Approve', line: '!approve 7f3a' }];
  await adapter.post(place, { title: 'x', tone: 'plain', blocks: [], replies }, { key: 'home', weight: 'answer' });
  expect(await alice.clickHome('Approve')).toBe('done');
  expect(heard.map(({ text }) => text)).toEqual(['!approve 7f3a']);
  free();
  await until(() => heard.length === 2);
});

test.each<Mode>(['socket', 'http'])(
  '%s: what was not taken is told again, and who pressed hears so',
  async (mode) => {
    let away = true;
    const heard = await open(mode, {
      slack: { pace: 0.01, patience: 500 },
      hear: async () => {
        if (away) throw new NotTaken('the database does not answer: say it again in a minute');
      },
    });
    const alice = slack.person('alice');
    expect(await alice.slash('/vigie', 'hosts', 'ops')).not.toBe('done');
    await alice.sees('ops', /say it again in a minute/);
    const line = alice.say('ops', '!servers');
    await alice.sees('ops', answers(line, /say it again/));
    const mention = alice.mention('ops', 'clouds');
    await alice.sees('ops', answers(mention, /say it again/));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(alice.reads('ops').filter(answers(mention, /say it again/))).toHaveLength(1);
    away = false;
    await slack.delivery.quiet();
    expect(new Set(heard.map(({ text }) => text))).toEqual(new Set(['!servers', '!clouds']));
  },
  30_000,
);

test('where Slack does not say in time who spoke, the person hears so and nothing is taken', async () => {
  const heard = await open('socket');
  slack.order({ method: 'users.info', fault: { delay: 1500 }, times: 2 });
  slack.order({ method: 'conversations.info', fault: { delay: 1500 } });
  const alice = slack.person('alice');
  expect(await alice.slash('/vigie', 'hosts', 'ops')).not.toBe('done');
  await alice.sees('ops', ({ ephemeral, text }) => ephemeral && /say it again/.test(text));
  expect(heard).toEqual([]);
}, 30_000);

test('forged, unsigned and old requests are turned away', async () => {
  const heard = await open('http');
  const alice = slack.person('alice');
  alice.say('ops', '!hosts');
  await until(() => heard.length === 1);
  const payload = slack.delivered[0]?.payload ?? {};
  expect(await slack.post(payload, { secret: 'not-it' })).toBe(401);
  expect(await slack.post(payload, { unsigned: true })).toBe(401);
  expect(await slack.post(payload, { timestamp: Math.floor(Date.now() / 1000) - 600 })).toBe(401);
  expect(heard).toHaveLength(1);
});
