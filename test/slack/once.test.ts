import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSlack } from '../../adapters/slack/slack.ts';
import { startBot } from '../../src/bot.ts';
import { openBells } from '../../src/jobs/queue.ts';
import { openDatabase } from '../../src/mysql/database.ts';
import { redisPrefix, redisUrl } from '../setup/servers.ts';
import { openStory, type Story } from '../story.ts';
import type { FakeSlack } from './fake/slack.ts';
import { isUp, slackOptions, startManifestSlack } from './ops.ts';

/** `--times N` brings it to the 10,000 events over 500 channels. */
const times = Math.min(20, Number(process.env['VIGIE_TIMES'] ?? 1));
const channels = 25 * times;
const perChannel = 20;

let slack: FakeSlack;
let story: Story;
const bots: { stop(): Promise<void> }[] = [];

/** Another process, as far as Slack and rows can tell. */
async function anotherBot(): Promise<{ stop(): Promise<void> }> {
  const options = await slackOptions(slack, 'socket', 100);
  const adapter = createSlack(options);
  const database = await openDatabase(story.databaseUrl);
  const bells = openBells(redisUrl(), redisPrefix());
  const bot = await startBot({
    version: 'test',
    database,
    bells,
    registry: story.registry,
    adapters: [adapter],
    log: story.log,
    prefix: '!',
    policy: story.policy,
  });
  await isUp(slack, adapter, options);
  const running = {
    async stop() {
      await bot.stop();
      await bells.close();
      await database.close();
    },
  };
  bots.push(running);
  return running;
}

describe('every line once, every answer once', () => {
  beforeAll(async () => {
    slack = await startManifestSlack({ rates: 100, pace: 0.001, patience: 3000 });
    const alice = slack.person('alice');
    const policy = `
people:
  alice: { accounts: ['slack:${alice.account}', 'test:alice'], roles: [operator, approver] }
rules:
  - allow: [everyone]
`;
    story = await openStory({ policy });
  }, 60_000);
  afterAll(async () => {
    for (const bot of bots) await bot.stop();
    await story?.stop();
    await slack?.close();
  });

  test(`${channels * perChannel} events over ${channels} channels, each up to four times, shuffled, over restarts and two bots`, async () => {
    const names = Array.from({ length: channels }, (_, n) => slack.channel(`c${n}`).name);
    const first = await anotherBot();
    await anotherBot();
    Object.assign(slack.mischief, { copies: 4, spread: 3000 * times });
    const alice = slack.person('alice');
    const said = names.flatMap((name) =>
      Array.from({ length: perChannel }, (_, n) => alice.say(name, ['!whoami', `!job ${n}abc`, '!jobs'][n % 3] ?? '')),
    );
    await new Promise((resolve) => setTimeout(resolve, 800));
    await first.stop();
    bots.splice(bots.indexOf(first), 1);
    await anotherBot();
    await slack.delivery.quiet();
    const { rows } = story.database;
    const waiting = rows.selectFrom('delivery').select('id').where('state', '=', 'waiting');
    await story.until('all answers', async () => (await waiting.execute()).length === 0, 120_000 * times);
    const heard = await rows.selectFrom('heard').select('message_key').where('adapter', '=', 'slack').execute();
    expect(heard).toHaveLength(said.length);
    const answers = [...slack.workspace.channels.values()].flatMap(({ messages }) =>
      messages.filter(({ user }) => user === slack.botUser).map(({ channel, thread }) => `${channel}/${thread}`),
    );
    expect(answers.toSorted()).toEqual(said.map(({ channel, ts }) => `${channel}/${ts}`).toSorted());
  }, 600_000);

  test('edits, deletions, other bots and vigie itself say nothing', async () => {
    Object.assign(slack.mischief, { copies: 1, spread: 0 });
    const before = (await story.database.rows.selectFrom('heard').select('message_key').execute()).length;
    const alice = slack.person('alice');
    const robot = slack.person('robot', { bot: true });
    const line = alice.say('c0', 'good morning');
    alice.edit(line, '!hosts');
    alice.remove(line);
    robot.say('c0', '!hosts');
    robot.say('c0', '!hosts', { subtype: 'bot_message' });
    await slack.delivery.quiet();
    expect(await story.database.rows.selectFrom('heard').select('message_key').execute()).toHaveLength(before);
  });

  test('a post whose answer was lost is found, not said again', async () => {
    slack.order({ method: 'chat.postEphemeral', fault: 'lost-call', times: 1 });
    slack.order({ method: 'chat.postMessage', fault: 'lost-reply', times: 2 });
    const alice = slack.person('alice');
    const line = alice.say('c1', '!jobs');
    const isAnswer = ({ thread, from }: { thread?: string; from: string }) => thread === line.ts && from === 'vigie';
    await alice.sees('c1', isAnswer);
    const waiting = story.database.rows.selectFrom('delivery').select('id').where('state', '=', 'waiting');
    await story.until('the receipt', async () => (await waiting.execute()).length === 0, 30_000);
    expect(alice.reads('c1').filter(isAnswer)).toHaveLength(1);
  }, 60_000);
});
