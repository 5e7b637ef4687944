import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onLab } from '../clouds.ts';
import { freshDatabase, redisUrl, type TestDatabase } from '../setup/servers.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let directory: string;
let database: TestDatabase;
let bot: ChildProcess;
let said = '';
let policy: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vigie-bot-'));
  database = await freshDatabase('bot');
  policy = join(directory, 'policy.yaml');
  await writeFile(policy, policyText('operator'));
  await writeFile(join(directory, 'clouds.yaml'), 'clouds: {tempting: {auth: {auth_url: "http://127.0.0.1:9"}}}\n');
  bot = fork('src/main.ts', ['bot'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl(),
      POLICY_FILE: policy,
      CONSOLE: '1',
    },
    execArgv: ['--import', 'tsx', '--import', './src/demo/tied.ts'],
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
  });
  bot.stdout?.on('data', (bytes) => {
    said += bytes;
  });
});
afterEach(async () => {
  const gone = once(bot, 'exit');
  bot.kill('SIGTERM');
  await gone;
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

function policyText(role: string): string {
  const me = `me: { accounts: ["console:${userInfo().username}"], roles: [${role}] }`;
  return `people:\n  ${me}\nrules: [{ allow: [everyone] }]\n`;
}

async function hears(line: string, answer: string, timeout = 30_000): Promise<void> {
  said = '';
  bot.stdin?.write(`${line}\n`);
  await vi.waitFor(() => expect(said).toContain(answer), { timeout, interval: 50 });
}

test.skipIf(onLab)(
  'on SIGHUP the bot reads its policy again, and keeps the old one where the new is broken',
  async () => {
    await hears('!whoami', 'operator');
    await writeFile(policy, policyText('reader'));
    bot.kill('SIGHUP');
    await vi.waitFor(() => hears('!whoami', 'reader', 1000), { timeout: 20_000 });
    await writeFile(policy, policyText('emperor'));
    bot.kill('SIGHUP');
    await hears('!jobs', 'nothing');
    await hears('!whoami', 'reader');
  },
);

test.skipIf(onLab)('the bot runs whole without clouds.yaml, secure.yaml or any operators’ database', async () => {
  await hears('!help', 'maintenance');
  await hears('!whoami', 'me');
  await hears('!jobs', 'nothing');
  await hears('!hosts', 'cloud');
  if (process.platform !== 'linux') return;
  const environment = await readFile(`/proc/${bot.pid}/environ`, 'utf8');
  expect(environment).not.toMatch(/CLOUDS|SECURE|OS_|nova|keystone/i);
  const open = await Promise.all(
    (await readdir(`/proc/${bot.pid}/fd`)).map((fd) => readlink(`/proc/${bot.pid}/fd/${fd}`).catch(() => '')),
  );
  expect(open.filter((path) => /clouds|secure|policy/.test(path))).toEqual([]);
});
