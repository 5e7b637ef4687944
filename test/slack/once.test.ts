import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisUrl } from '../setup/servers.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import { type BotProcesses, openBotProcesses } from './bot-process.ts';
import type { Person } from './fake/person.ts';
import type { Seen } from './fake/seen.ts';
import type { FakeSlack } from './fake/slack.ts';
import type { Message } from './fake/state.ts';
import { startManifestSlack } from './ops.ts';

/** `--times N` brings it to the 10,000 events over 500 channels. */
const times = Math.min(20, Number(process.env['VIGIE_TIMES'] ?? 1));
const channels = 25 * times;
const perChannel = 20;

let slack: FakeSlack;
let stage: Stage;
let bots: BotProcesses;
let alice: Person;

/** Of each channel's lines: what a person is told alone, what everybody reads, what a worker has to look up. */
function lineOf(n: number, channel: number): string {
  if (n === 0) return channel % 25 === 0 ? `!maintenance cmp${1 + ((channel / 25) % 4)}` : '!hosts';
  return n % 2 === 0 ? '!jobs' : `!job ${n}abc`;
}

describe('every line once, every answer once', () => {
  beforeAll(async () => {
    slack = await startManifestSlack({ rates: 100, pace: 0.1, patience: 3000 });
    alice = slack.person('alice');
    const names = Array.from({ length: channels }, (_, n) => slack.channel(`c${n}`).id);
    const policy = `
people:
  alice: { accounts: ['slack:${alice.account}'], roles: [operator, approver] }
rules:
  - allow: [everyone]
places:
${names.map((id) => `  'slack:${slack.team}/${id}': { cloud: demo }`).join('\n')}
`;
    stage = await openStage({}, { policy, redis: redisUrl() });
    bots = openBotProcesses({ slack, databaseUrl: stage.story.databaseUrl, policy, rates: 100 });
  }, 60_000);
  afterAll(async () => {
    await bots?.close();
    await stage?.close();
    await slack?.close();
  });

  const waiting = async () => {
    const { rows } = stage.story.database;
    const jobs = rows.selectFrom('job').select('id').where('state', 'in', ['planning', 'queued', 'running']);
    const unsaid = rows.selectFrom('delivery').select('id').where('state', '=', 'waiting');
    return (await unsaid.execute()).length + (await jobs.execute()).length;
  };

  test(`${channels * perChannel} events over ${channels} channels, each up to four times, shuffled, over restarts and two bots`, async () => {
    const first = await bots.start();
    const second = await bots.start();
    Object.assign(slack.mischief, { copies: 4, spread: 4000 * times });
    const said = Array.from({ length: channels }, (_, channel) =>
      Array.from({ length: perChannel }, (_, n) => ({
        line: lineOf(n, channel),
        ...alice.say(`c${channel}`, lineOf(n, channel)),
      })),
    ).flat();
    await new Promise((resolve) => setTimeout(resolve, 1000 * times));
    await first.end();
    await bots.start();
    await new Promise((resolve) => setTimeout(resolve, 500 * times));
    await second.end();
    await bots.start();
    await slack.delivery.quiet();
    expect(slack.delivered.filter(({ acked }) => acked === null).length).toBe(0);
    await stage.story.until('all answers', async () => (await waiting()) === 0, 120_000 * times);
    const { rows } = stage.story.database;
    const heard = await rows.selectFrom('heard').select('message_key').where('adapter', '=', 'slack').execute();
    expect(heard).toHaveLength(said.length);

    const answers = [...slack.workspace.channels.values()].flatMap(({ messages }) => messages.filter(isAnswer));
    const answersTo = (key: string) => byKey.get(key) ?? [];
    const byKey = new Map<string, Message[]>();
    for (const answer of answers) byKey.set(keyOf(answer), [...answersTo(keyOf(answer)), answer]);
    const asked = new Map(
      said.map(({ line, channel, ts }) => [`${channel}/${/^!job (\d+abc)$/.exec(line)?.[1] ?? ts}`, line]),
    );
    const wrong = [...asked].filter(([key]) => answersTo(key).length !== 1);
    expect(wrong.map(([key, line]) => `${line} at ${key}: ${told(answersTo(key))}`)).toEqual([]);
    expect(told(answers.filter((answer) => !asked.has(keyOf(answer))))).toBe('');
    expect(answers).toHaveLength(said.length);
  }, 1_800_000);

  test('edits, deletions, other bots and vigie itself say nothing', async () => {
    Object.assign(slack.mischief, { copies: 1, spread: 0 });
    const heard = stage.story.database.rows.selectFrom('heard').select('message_key');
    const before = (await heard.execute()).length;
    const robot = slack.person('robot', { bot: true });
    const line = alice.say('c0', 'good morning');
    alice.edit(line, '!hosts');
    alice.remove(line);
    robot.say('c0', '!hosts');
    robot.say('c0', '!hosts', { subtype: 'bot_message' });
    await slack.delivery.quiet();
    expect(await heard.execute()).toHaveLength(before);
  });

  test('a post whose answer was lost is found, not said again', async () => {
    slack.order({ method: 'chat.postEphemeral', fault: 'lost-call', times: 1 });
    slack.order({ method: 'chat.postMessage', fault: 'lost-reply', times: 2 });
    const line = alice.say('c1', '!jobs');
    const answers = ({ thread, from }: Seen) => thread === line.ts && from === 'vigie';
    await alice.sees('c1', answers);
    await stage.story.until('the receipt', async () => (await waiting()) === 0, 30_000);
    expect(alice.reads('c1').filter(answers)).toHaveLength(1);
  }, 60_000);
});

/** Of vigie; not the line beside a card that the whole channel sees, nor that a line was not taken and is told again. */
function isAnswer({ user, subtype, text }: Message): boolean {
  return user === slack.botUser && subtype === undefined && !notTaken.test(text);
}

const notTaken = /say it again (in a minute|if it is not there)/;

function told(messages: readonly Message[]): string {
  return messages.map(({ channel, thread, to, text }) => `${channel}/${thread} to ${to ?? 'all'}: ${text}`).join('\n');
}

/** Whose answer it is: the line's, or, where one person alone was told, of whom it speaks. */
function keyOf({ channel, thread, text, to }: Message): string {
  return `${channel}/${to === undefined ? thread : (/\d+abc/.exec(text)?.[0] ?? text)}`;
}
