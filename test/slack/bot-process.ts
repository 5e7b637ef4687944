import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisUrl } from '../setup/servers.ts';
import type { FakeSlack } from './fake/slack.ts';
import { freePort, type Mode } from './ops.ts';

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
  readonly mode?: Mode;
  /** So many times faster than the real Slack lets a bot speak. */
  readonly rates?: number;
}

export function openBotProcesses(options: BotProcessOptions): BotProcesses {
  const { slack, databaseUrl, policy, mode = 'socket', rates } = options;
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
    SLACK_API_URL: slack.url,
    ...(rates === undefined ? {} : { SLACK_RATES: String(rates) }),
  };

  function spawn(more: Readonly<Record<string, string>>): ChildProcess {
    const preload = more['DIES_AT_ACK'] === undefined ? [] : ['--import', './test/programs/dies-at-ack.ts'];
    const child = fork('src/main.ts', ['bot'], {
      env: { ...env, ...more },
      execArgv: ['--import', 'tsx', '--import', './src/demo/tied.ts', ...preload],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    alive.add(child);
    child.once('exit', () => alive.delete(child));
    return child;
  }

  /** How Slack reaches a bot, and whether it does. */
  async function wayTo(): Promise<{ readonly env: Readonly<Record<string, string>>; isOpen(): Promise<boolean> }> {
    if (mode === 'http') {
      const port = await freePort();
      return {
        env: { SLACK_SIGNING_SECRET: slack.signingSecret, SLACK_PORT: String(port) },
        isOpen: () => slack.requestUrl(`http://127.0.0.1:${port}/slack/events`).catch(() => false),
      };
    }
    const before = slack.sockets.opened;
    return { env: { SLACK_APP_TOKEN: slack.appToken }, isOpen: async () => slack.sockets.opened > before };
  }

  return {
    async start(more = {}) {
      const way = await wayTo();
      const child = spawn({ ...more, ...way.env });
      const gone = once(child, 'exit');
      await Promise.race([heard(way.isOpen), gone]);
      return { gone, kill: () => told(child, 'SIGKILL'), end: () => told(child, 'SIGTERM') };
    },
    async close() {
      await Promise.all([...alive].map((child) => told(child, 'SIGKILL')));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function heard(isOpen: () => Promise<boolean>): Promise<void> {
  for (const giveUp = performance.now() + 60_000; !(await isOpen()); ) {
    if (performance.now() > giveUp) throw new Error('the bot does not hear');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function told(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
