import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisUrl } from '../setup/servers.ts';
import type { FakeSlack } from './fake/slack.ts';

/** vigie's bot as people run it: processes of their own. */
export interface BotProcesses {
  /** Returns once it hears. */
  start(more?: Readonly<Record<string, string>>): Promise<BotProcess>;
  /** Whatever still runs is killed. */
  close(): Promise<void>;
}

export interface BotProcess {
  readonly gone: Promise<unknown>;
  /** `kill -9` */
  kill(): Promise<void>;
  /** As a supervisor ends it. */
  end(): Promise<void>;
}

export interface BotProcessOptions {
  readonly slack: FakeSlack;
  readonly databaseUrl: string;
  readonly policy: string;
  /** So many times faster than the real Slack lets a bot speak. */
  readonly rates?: number;
}

export function openBotProcesses({ slack, databaseUrl, policy, rates }: BotProcessOptions): BotProcesses {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-slack-'));
  writeFileSync(join(directory, 'policy.yaml'), policy);
  const alive = new Set<ChildProcess>();
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl(),
    POLICY_FILE: join(directory, 'policy.yaml'),
    LOG_FILE: join(directory, 'bot.log'),
    SLACK_TEAM: slack.team,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.url,
    ...(rates === undefined ? {} : { SLACK_RATES: String(rates) }),
  };

  function spawn(more: Readonly<Record<string, string>>): ChildProcess {
    const preload = more['DIES_AT_ACK'] === undefined ? [] : ['--import', './test/programs/dies-at-ack.ts'];
    const [program, args] = rates === undefined ? ['src/main.ts', ['bot']] : ['test/programs/slack-bot.ts', []];
    const child = fork(program, args, {
      env: { ...env, ...more },
      execArgv: ['--import', 'tsx', '--import', './src/demo/tied.ts', ...preload],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    alive.add(child);
    child.once('exit', () => alive.delete(child));
    return child;
  }

  return {
    async start(more = {}) {
      const before = slack.sockets.opened;
      const child = spawn(more);
      const gone = once(child, 'exit');
      await Promise.race([heard(slack, before), gone]);
      return { gone, kill: () => told(child, 'SIGKILL'), end: () => told(child, 'SIGTERM') };
    },
    async close() {
      await Promise.all([...alive].map((child) => told(child, 'SIGKILL')));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function heard(slack: FakeSlack, before: number): Promise<void> {
  for (const giveUp = performance.now() + 60_000; slack.sockets.opened === before; ) {
    if (performance.now() > giveUp) throw new Error('the bot opens no socket');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function told(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
