import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/mysql/database.ts';
import { freshDatabase, redisUrl, type TestDatabase } from '../setup/servers.ts';
import type { FakeSlack } from './fake/slack.ts';
import { startManifestSlack } from './ops.ts';

/** `--times 25` brings it to 50 moments. */
const moments = 2 * Math.min(25, Number(process.env['VIGIE_TIMES'] ?? 1));

let slack: FakeSlack;
let fresh: TestDatabase;
let database: Database;
let directory: string;
const alive = new Set<ChildProcess>();

beforeAll(async () => {
  slack = await startManifestSlack({ pace: 0.05, patience: 1000 });
  const alice = slack.person('alice');
  slack.channel('ops');
  fresh = await freshDatabase('crash');
  database = await openDatabase(fresh.url);
  directory = mkdtempSync(join(tmpdir(), 'vigie-slack-'));
  const policy = `
people:
  alice: { accounts: ['slack:${alice.account}'], roles: [operator] }
rules:
  - allow: [everyone]
`;
  writeFileSync(join(directory, 'policy.yaml'), policy);
}, 60_000);
afterAll(async () => {
  await Promise.all([...alive].map(kill));
  await slack?.close();
  await database?.close();
  await fresh?.drop();
  rmSync(directory, { recursive: true, force: true });
});

/** vigie's bot as people run it: a process of its own. */
function startBot(): ChildProcess {
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: fresh.url,
    REDIS_URL: redisUrl(),
    POLICY_FILE: join(directory, 'policy.yaml'),
    LOG_FILE: join(directory, 'bot.log'),
    SLACK_TEAM: slack.team,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.url,
  };
  const child = fork('src/main.ts', ['bot'], {
    env,
    execArgv: ['--import', 'tsx', '--import', './src/demo/tied.ts'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function until(what: () => Promise<boolean> | boolean, ms = 60_000): Promise<void> {
  for (const giveUp = performance.now() + ms; !(await what()); await sleep(20))
    if (performance.now() > giveUp) throw new Error(`not within ${ms} ms: ${what}`);
}

function tsIn(event: unknown): string {
  return typeof event === 'object' && event !== null && 'ts' in event ? String(event.ts) : '';
}

test(`the bot is killed at ${moments} moments: what Slack was told is received is answered, once`, async () => {
  const alice = slack.person('alice');
  const said: { readonly ts: string }[] = [];
  for (let moment = 0; moment < moments; moment += 1) {
    const opened = slack.sockets.opened;
    const bot = startBot();
    await until(() => slack.sockets.opened > opened);
    for (let line = 0; line < 5; line += 1) said.push(alice.say('ops', '!jobs'));
    // Some lie between the row and the acknowledgement, some just after it, some amid the answers.
    await sleep(15 + ((moment * 173) % 500));
    await kill(bot);
  }
  startBot();
  await slack.delivery.quiet();
  const waiting = database.rows.selectFrom('delivery').select('id').where('state', '=', 'waiting');
  await until(async () => (await waiting.execute()).length === 0, 120_000);
  const answers = alice.reads('ops').filter(({ from }) => from === 'vigie');
  const ours = new Set(said.map(({ ts }) => ts));
  const received = slack.delivered
    .filter(({ acked }) => acked !== null)
    .map(({ payload }) => tsIn(payload['event']))
    .filter((ts) => ours.has(ts));
  expect(received.length).toBeGreaterThan(0);
  // Slack gives up after three more attempts: what it never got through may be missing, nothing else.
  const answered = answers.map(({ thread }) => thread);
  expect(new Set(answered).size).toBe(answered.length);
  for (const ts of received) expect(answered).toContain(ts);
}, 600_000);
