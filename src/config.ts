import { hostname } from 'node:os';
import { z } from 'zod';
import { UserError } from './chat/user-error.ts';
import { humanError } from './command/wording.ts';
import { parseRedisUrl, redisUrlHelp } from './redis-url.ts';
import { slackVariables } from './slack-config.ts';

/** One environment variable: `.env.example` is made of these, and a test keeps it so. */
export interface Variable {
  readonly name: string;
  /** What holds where it is not set; null where it must be. */
  readonly fallback: string | null;
  readonly sentence: string;
}

const both: readonly Variable[] = [
  {
    name: 'DATABASE_URL',
    fallback: null,
    sentence:
      "vigie's own MySQL or MariaDB: mysql://user:password@host:3306/vigie, or mysql://user@localhost/vigie?socketPath=/run/mysqld/mysqld.sock.",
  },
  {
    name: 'REDIS_URL',
    fallback: null,
    sentence:
      'The bell: redis://host:6379, rediss://host:6379, unix:///run/redis/redis.sock, redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379.',
  },
  {
    name: 'POLICY_FILE',
    fallback: 'policy.yaml',
    sentence: 'Who may do what; read again on SIGHUP. See policy.example.yaml.',
  },
  { name: 'LOG_LEVEL', fallback: 'info', sentence: 'debug, info, warn or error.' },
  { name: 'LOG_FILE', fallback: '', sentence: 'JSON lines go here; empty is standard error.' },
  { name: 'NAME', fallback: '', sentence: "The process's name in `clouds` and in the log; empty is the host's name." },
];

export const botVariables: readonly Variable[] = [
  ...both,
  { name: 'PREFIX', fallback: '!', sentence: 'What a line said to the bot begins with.' },
  { name: 'CONSOLE', fallback: '0', sentence: '1 also listens on this terminal (standard input and output).' },
  { name: 'CONSOLE_PLACE', fallback: 'console:local', sentence: "The terminal's place, as the policy names it." },
  {
    name: 'ENVIRONMENT',
    fallback: 'production',
    sentence: 'What `whoami bot` calls this installation; each has a Slack app of its own.',
  },
  { name: 'IRC_FILE', fallback: '', sentence: 'The networks of IRC to be on; see irc.example.yaml. Empty: none.' },
  ...slackVariables,
];

export const workerVariables: readonly Variable[] = [
  ...both,
  {
    name: 'CLOUDS_FILE',
    fallback: '',
    sentence: 'clouds.yaml; empty looks where openstacksdk does (here, ~/.config/openstack, /etc/openstack).',
  },
  { name: 'SECURE_FILE', fallback: '', sentence: 'secure.yaml, whose values win; empty looks in the same places.' },
  {
    name: 'WORKER_CLOUDS',
    fallback: '',
    sentence: 'The clouds this worker serves, as a,b; empty is every cloud of the file.',
  },
  {
    name: 'RUNBOOKS',
    fallback: '',
    sentence: 'A folder of runbooks of your own, beside those that come with vigie; see docs/runbooks.md.',
  },
];

const DatabaseUrl = z.string('write mysql://user:password@host:3306/vigie').refine(isDatabaseUrl, {
  error: 'write mysql://user:password@host:3306/vigie or mysql://user@localhost/vigie?socketPath=/path',
});
const RedisUrl = z.string(redisUrlHelp).refine((text) => parseRedisUrl(text) !== null, { error: redisUrlHelp });

const Shared = z.object({
  DATABASE_URL: DatabaseUrl,
  REDIS_URL: RedisUrl,
  POLICY_FILE: z.string(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']),
  LOG_FILE: z.string().transform(emptyIsNull),
  NAME: z.string().regex(/^[A-Za-z0-9._-]{0,100}$/, 'letters, digits, dots, dashes and underscores'),
});

const Bot = Shared.extend({
  PREFIX: z.string().regex(/^[!#$%&*+,./:;=?@^_~|-]{1,3}$/, 'one to three signs, such as ! or .'),
  CONSOLE: z.enum(['0', '1']).transform((word) => word === '1'),
  CONSOLE_PLACE: z.string().regex(/^console:\S+$/, 'a terminal’s place is written console:local'),
  ENVIRONMENT: z.string().regex(/^[\w .-]{1,60}$/, 'is a word or two: production, staging'),
  IRC_FILE: z.string().transform(emptyIsNull),
}).transform((env) => ({
  ...shared(env),
  prefix: env.PREFIX,
  console: env.CONSOLE,
  consolePlace: env.CONSOLE_PLACE,
  environment: env.ENVIRONMENT,
  ircFile: env.IRC_FILE,
}));
export type BotConfig = z.output<typeof Bot>;

const Worker = Shared.extend({
  CLOUDS_FILE: z.string().transform(emptyIsNull),
  SECURE_FILE: z.string().transform(emptyIsNull),
  WORKER_CLOUDS: z.string().transform((names) => names.split(/[\s,]+/).filter((name) => name !== '')),
  RUNBOOKS: z.string().transform(emptyIsNull),
}).transform((env) => ({
  ...shared(env),
  cloudsFile: env.CLOUDS_FILE,
  secureFile: env.SECURE_FILE,
  /** Empty: every cloud of the file. */
  clouds: env.WORKER_CLOUDS,
  runbooksFolder: env.RUNBOOKS,
}));
export type WorkerConfig = z.output<typeof Worker>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every variable that is wrong, one a line; never its value, which may hold a password. */
export class ConfigProblem extends UserError {}

/** Knows no cloud: the process that faces the chat reads no cloud's variable at all. */
export function readBotConfig(env: Environment): BotConfig {
  return read(Bot, botVariables, env);
}

export function readWorkerConfig(env: Environment): WorkerConfig {
  return read(Worker, workerVariables, env);
}

function read<S extends z.ZodType>(schema: S, variables: readonly Variable[], env: Environment): z.output<S> {
  const set = variables.map(({ name, fallback }) => [name, env[name] || (fallback ?? undefined)]);
  const config = schema.safeParse(Object.fromEntries(set), { error: humanError });
  if (config.success) return config.data;
  const lines = config.error.issues.map(
    ({ path, message }) => `${path.join('.')}${env[String(path[0])] ? '' : ' is not set'}: ${message}`,
  );
  throw new ConfigProblem(`the environment is not right (see .env.example):\n${lines.join('\n')}`);
}

function shared(env: z.output<typeof Shared>) {
  return {
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    policyFile: env.POLICY_FILE,
    logLevel: env.LOG_LEVEL,
    logFile: env.LOG_FILE,
    name: env.NAME || hostname(),
  };
}

function emptyIsNull(text: string): string | null {
  return text === '' ? null : text;
}

function isDatabaseUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && url.protocol === 'mysql:' && url.hostname !== '' && url.pathname.length > 1;
}
