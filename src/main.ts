import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConsole } from '../adapters/console/console.ts';
import { createIrc } from '../adapters/irc/irc.ts';
import type { Login } from '../adapters/irc/options.ts';
import { ratesTimes } from '../adapters/slack/rates.ts';
import { createSlack } from '../adapters/slack/slack.ts';
import { printArchive } from './archive/print.ts';
import { startBot } from './bot.ts';
import type { Adapter } from './chat/message.ts';
import { UserError } from './chat/user-error.ts';
import { openClouds } from './clouds.ts';
import { loadRegistry, type Registry } from './command/registry.ts';
import { type BotConfig, readBotConfig, readWorkerConfig } from './config.ts';
import { runDemo } from './demo.ts';
import { type IrcNetwork, readIrcConfig } from './irc-config.ts';
import { openBells } from './jobs/queue.ts';
import { isAnswered } from './jobs/settled.ts';
import { type Log, openLog } from './log.ts';
import { type Database, isUnreachable, openDatabase } from './mysql/database.ts';
import { keepPolicy } from './policy/keep.ts';
import { openRunbooks, type Runbooks } from './runbooks/folder.ts';
import { readSlackConfig } from './slack-config.ts';
import { startWorker } from './worker.ts';

const usage = 'say what to start: bot, worker [--cloud NAME[,NAME]], archive FILE [KEY], or demo [openstack] [--yes]';

/** What supervisors wait for before they kill. */
const stopMs = 9500;

/** What is to be stopped, in order, when the process is told to end. */
type Stop = () => Promise<void>;

async function main(args: readonly string[]): Promise<void> {
  const [what, ...rest] = args;
  switch (what) {
    case 'bot':
      return untilTold(await bot());
    case 'worker':
      return untilTold(await worker(rest));
    case 'archive':
      return printArchive(rest, process.stdout);
    case 'demo':
      process.exit(await runDemo({ args: rest, version: version(), env: process.env }));
  }
  throw new UserError(usage);
}

async function bot(): Promise<Stop> {
  const config = readBotConfig(process.env);
  const slack = readSlackConfig(process.env);
  const log = openLog({ level: config.logLevel, file: config.logFile, name: config.name });
  const registry = await loadRegistry(new URL('../commands', import.meta.url));
  const policy = await keepPolicy(config.policyFile, namesOf(registry), log);
  const database = await reach(config.databaseUrl);
  const bells = openBells(config.redisUrl);
  const place = config.consolePlace;
  const account = userInfo().username;
  const answered = (key: string) => answer(() => isAnswered(database.rows, key));
  const adapters = [
    ...(config.console ? [createConsole({ place, account, speakers: false, prefix: config.prefix, answered })] : []),
    ...networksOf(config, log),
    ...(slack === null ? [] : [createSlack({ ...slack, rates: ratesTimes(slack.ratesTimes), ...spoken(config, log) })]),
  ];
  const running = await startBot({
    version: version(),
    database,
    bells,
    registry,
    adapters,
    log,
    prefix: config.prefix,
    environment: config.environment,
    policy,
  });
  log.info({ adapters: adapters.map(({ connection }) => connection) }, 'the bot is up');
  return async () => {
    await running.stop();
    await bells.close();
    await database.close();
  };
}

function spoken({ prefix }: BotConfig, log: Log) {
  return {
    prefix,
    log: (level: 'info' | 'warn' | 'error', facts: object, words: string) => log[level](facts, words),
  };
}

function networksOf({ ircFile, prefix }: BotConfig, log: Log): Adapter[] {
  if (ircFile === null) return [];
  return readIrcConfig(ircFile, dirname(ircFile)).map(
    ({ tls, host, port, server_password: serverPassword, ...network }) =>
      createIrc({
        ...network,
        link: { host, port, tls },
        serverPassword,
        login: loginOf(network),
        prefix,
        version: version(),
        log: (level, facts, words) => log[level](facts, words),
      }),
  );
}

function loginOf({ account, sasl, password }: Pick<IrcNetwork, 'account' | 'sasl' | 'password'>): Login | null {
  if (account === null) return null;
  return sasl === 'plain'
    ? { account, mechanism: 'PLAIN', password: password ?? '' }
    : { account, mechanism: 'EXTERNAL' };
}

async function worker(args: readonly string[]): Promise<Stop> {
  const config = readWorkerConfig(process.env);
  const log = openLog({ level: config.logLevel, file: config.logFile, name: config.name });
  const registry = await loadRegistry(new URL('../commands', import.meta.url));
  const policy = await keepPolicy(config.policyFile, namesOf(registry), log);
  const only = cloudArgument(args) ?? (config.clouds.length > 0 ? config.clouds : null);
  const database = await reach(config.databaseUrl);
  const bells = openBells(config.redisUrl);
  const runbooks = await shelve(config.runbooksFolder, log);
  const clouds = openClouds({ ...config, only, cwd: process.cwd(), home: homedir() }, { database, log, runbooks });
  const running = await startWorker({
    version: version(),
    database,
    bells,
    registry,
    log,
    clouds: clouds.names,
    policy,
    cloud: clouds.cloud,
    health: clouds.health,
  });
  log.info({ clouds: clouds.names, worker: running.name }, 'the worker is up');
  return async () => {
    await running.stop();
    await clouds.close();
    await bells.close();
    await database.close();
  };
}

/** A file that is no runbook is told at once, and refuses only itself. */
async function shelve(own: string | null, log: Log): Promise<Runbooks> {
  const runbooks = openRunbooks([fileURLToPath(projectFile('runbooks')), ...(own === null ? [] : [resolve(own)])]);
  for (const { file, line, said } of (await runbooks()).troubles)
    log.warn({ file, line, said }, 'a runbook is refused');
  return runbooks;
}

/** The address without its password, for who has to mend it. */
async function reach(url: string): Promise<Database> {
  try {
    return await openDatabase(url);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const known = isUnreachable(cause) || /^ER_(ACCESS_DENIED|DBACCESS_DENIED|BAD_DB)/.test(code);
    if (!known) throw cause;
    const { host, pathname, searchParams } = new URL(url);
    const where = searchParams.get('socketPath') ?? host;
    throw new UserError(`the database ${pathname.slice(1)} at ${where} cannot be used (${code}): mend DATABASE_URL`, {
      cause,
    });
  }
}

function cloudArgument(args: readonly string[]): string[] | null {
  const [option, names] = args;
  if (option === undefined) return null;
  if (option !== '--cloud' || names === undefined) throw new UserError(usage);
  return names.split(',');
}

function namesOf({ commands }: Registry): string[] {
  return commands.map(({ name }) => name);
}

function version(): string {
  return String(JSON.parse(readFileSync(projectFile('package.json'), 'utf8')).version);
}

/** What is no program lies where it lay, from wherever this one was built. */
function projectFile(name: string): URL {
  return new URL(import.meta.url.includes('/dist/') ? `../../${name}` : `../${name}`, import.meta.url);
}

async function answer(given: () => Promise<boolean>): Promise<void> {
  while (!(await given())) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Stops once, cleanly; a second signal ends the process as it stands: everything can be taken up again. */
async function untilTold(stop: Stop): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(130));
  // A server that does not answer must not keep the process: what is left is in rows.
  setTimeout(() => process.exit(1), stopMs).unref();
  await stop();
  process.exit(0);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    error instanceof UserError ? `${error.message}\n` : `${error instanceof Error ? error.stack : error}\n`,
  );
  process.exit(1);
});
