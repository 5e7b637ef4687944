import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { botVariables, readBotConfig, readWorkerConfig, type Variable, workerVariables } from '../../src/config.ts';

const least = { DATABASE_URL: 'mysql://vigie:pw@db/vigie', REDIS_URL: 'redis://bell:6379' };

function problem(read: () => unknown): string {
  try {
    read();
    return 'taken';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('two addresses are enough', () => {
  const shared = {
    databaseUrl: 'mysql://vigie:pw@db/vigie',
    redisUrl: 'redis://bell:6379',
    policyFile: 'policy.yaml',
    logLevel: 'info',
    logFile: null,
    name: hostname(),
  };
  expect(readBotConfig(least)).toEqual({
    ...shared,
    prefix: '!',
    console: false,
    consolePlace: 'console:local',
    environment: 'production',
    ircFile: null,
  });
  expect(readWorkerConfig(least)).toEqual({
    ...shared,
    cloudsFile: null,
    secureFile: null,
    clouds: [],
    runbooksFolder: null,
  });
});

test('sockets are addresses too', () => {
  const env = {
    DATABASE_URL: 'mysql://root@localhost/vigie?socketPath=%2Frun%2Fdb.sock',
    REDIS_URL: 'unix:///run/redis.sock',
    WORKER_CLOUDS: 'a, b',
  };
  expect(readWorkerConfig(env)).toMatchObject({
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    clouds: ['a', 'b'],
  });
});

test('every problem is said at once, and no value', () => {
  const env = {
    DATABASE_URL: 'postgres://vigie:hunter2@db/vigie',
    LOG_LEVEL: 'loud',
    PREFIX: 'vigie ',
    CONSOLE: 'yes',
  };
  expect(problem(() => readBotConfig(env))).toBe(`the environment is not right (see .env.example):
DATABASE_URL: write mysql://user:password@host:3306/vigie or mysql://user@localhost/vigie?socketPath=/path
REDIS_URL is not set: write redis://host:6379, rediss://host:6379, unix:///path, redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379
LOG_LEVEL: must be debug, info, warn or error
PREFIX: one to three signs, such as ! or .
CONSOLE: must be 0 or 1`);
});

test('an empty variable is one that is not set', () => {
  expect(readBotConfig({ ...least, PREFIX: '', POLICY_FILE: '' })).toMatchObject({
    prefix: '!',
    policyFile: 'policy.yaml',
  });
});

describe('the variables', () => {
  test('the bot knows none of a cloud', () => {
    expect(botVariables.filter(({ name }) => /CLOUD|SECURE|^OS_/.test(name))).toEqual([]);
  });

  test('.env.example is this table', async () => {
    const shared = botVariables.filter((variable) => workerVariables.includes(variable));
    const parts = [
      section('Bot and worker', shared),
      section(
        'Bot',
        botVariables.filter((variable) => !shared.includes(variable)),
      ),
      section(
        'Worker',
        workerVariables.filter((variable) => !shared.includes(variable)),
      ),
    ];
    expect(await readFile('.env.example', 'utf8')).toBe(parts.join('\n'));
  });

  function section(title: string, variables: readonly Variable[]): string {
    const lines = variables.map(({ name, fallback, sentence }) => `# ${sentence}\n${name}=${fallback ?? ''}\n`);
    return `# --- ${title} ---\n\n${lines.join('\n')}`;
  }
});
