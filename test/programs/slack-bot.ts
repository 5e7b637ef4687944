import { readFileSync } from 'node:fs';
import { ratesTimes } from '../../adapters/slack/rates.ts';
import { createSlack } from '../../adapters/slack/slack.ts';
import { startBot } from '../../src/bot.ts';
import { loadRegistry } from '../../src/command/registry.ts';
import { openBells } from '../../src/jobs/queue.ts';
import { openLog } from '../../src/log.ts';
import { openDatabase } from '../../src/mysql/database.ts';
import { policyOf } from '../../src/policy/policy.ts';
import { parsePolicy } from '../../src/policy/policy-file.ts';
import { readSlackConfig } from '../../src/slack-config.ts';

/** A bot on a Slack that allows more than the real one does, and that vigie's own pace would not come near. */
const { DATABASE_URL = '', REDIS_URL = '', POLICY_FILE = '', LOG_FILE = '', SLACK_RATES = '1' } = process.env;
const slack = readSlackConfig(process.env);
if (slack === null) throw new Error('SLACK_TEAM is not set');
const log = openLog({ level: 'info', file: LOG_FILE, name: 'bot' });
const policy = policyOf(parsePolicy(readFileSync(POLICY_FILE, 'utf8'), POLICY_FILE));
const database = await openDatabase(DATABASE_URL);
const bells = openBells(REDIS_URL);
const adapter = createSlack({
  ...slack,
  prefix: '!',
  rates: ratesTimes(Number(SLACK_RATES)),
  log: (level, facts, words) => log[level](facts, words),
});
const bot = await startBot({
  version: 'test',
  database,
  bells,
  registry: await loadRegistry(new URL('../../commands', import.meta.url)),
  adapters: [adapter],
  log,
  prefix: '!',
  policy: () => policy,
});

process.once('SIGTERM', async () => {
  await bot.stop();
  await bells.close();
  await database.close();
  process.exit(0);
});
