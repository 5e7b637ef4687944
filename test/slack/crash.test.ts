import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dbIn } from '../../src/jobs/store.ts';
import { redisUrl } from '../setup/servers.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import { type BotProcess, type BotProcesses, openBotProcesses } from './bot-process.ts';
import type { Person } from './fake/person.ts';
import type { Seen } from './fake/seen.ts';
import type { FakeSlack } from './fake/slack.ts';
import { type Mode, startManifestSlack } from './ops.ts';

/** How the bot dies: at one of its acknowledgements, at one of its posts, or at any other moment. */
const moments = ['before-ack', 'after-ack', 'posted', 'answered', 'amid'] as const;
/** What fifty dead bots left unsaid is said by the last one: at the real rates that alone would take minutes. */
const rates = 20;
/** `--times 10` brings it to 50. */
const deaths = moments.length * Math.min(10, Number(process.env['VIGIE_TIMES'] ?? 1));

let slack: FakeSlack;
let stage: Stage;
let bots: BotProcesses;
let alice: Person;
let bob: Person;

async function open(mode: Mode): Promise<void> {
  slack = await startManifestSlack({ mode, pace: 0.05, patience: 1000 });
  [alice, bob] = [slack.person('alice'), slack.person('bob')];
  slack.channel('ops');
  const policy = `
people:
  alice: { accounts: ['slack:${alice.account}'], roles: [operator] }
  bob: { accounts: ['slack:${bob.account}'], roles: [operator, approver] }
rules:
  - allow: [everyone]
places:
  'slack:${slack.team}/${slack.workspace.channels.keys().next().value}': { cloud: demo }
`;
  stage = await openStage({}, { policy, redis: redisUrl() });
  bots = openBotProcesses({ slack, databaseUrl: stage.story.databaseUrl, policy, mode, rates });
}

async function close(): Promise<void> {
  await bots?.close();
  await stage?.close();
  await slack?.close();
}

/** A bot that will die at this moment, or that is killed at it. */
async function startDoomed(moment: (typeof moments)[number], round: number): Promise<BotProcess> {
  if (moment === 'before-ack' || moment === 'after-ack')
    return bots.start({ DIES_AT_ACK: `${moment.replace('-ack', '')}:${1 + (round % 6)}` });
  const bot = await bots.start();
  const meanwhile = () => void bot.kill();
  // Its reply never arrives, or arrives a moment before the end.
  if (moment === 'posted') slack.order({ method: 'chat.postMessage', fault: { meanwhile, cut: true } });
  if (moment === 'answered') slack.order({ method: 'chat.postMessage', fault: { meanwhile, cut: false } });
  if (moment === 'amid') setTimeout(meanwhile, 15 + ((round * 173) % 500)).unref();
  return bot;
}

/** Lines, a plan that will want a vote, the slash command, and a press on the card of the plan before. */
function sayMuch(round: number, waiting: Seen | undefined): Promise<unknown>[] {
  for (let line = 0; line < 3; line += 1) alice.say('ops', '!jobs');
  alice.say('ops', `!maintenance cmp${1 + (round % 4)}`);
  const press = waiting === undefined ? [] : [bob.click(waiting, round % 2 === 0 ? 'Deny' : 'Approve')];
  return [alice.slash('/vigie', 'jobs', 'ops'), ...press];
}

/** The dead bot's hold on the connection would run out in 15 s: nobody waits for that here. */
async function leaseEnds(): Promise<void> {
  const { rows } = stage.story.database;
  const what = `connection:slack:${slack.team}`;
  await rows
    .updateTable('holding')
    .set({ until: dbIn(-1000) })
    .where('what', '=', what)
    .execute();
}

const cards = () => alice.reads('ops').filter(({ buttons }) => buttons.includes('Approve'));
const keyOf = ({ metadata }: Seen) => JSON.stringify(metadata?.['event_payload'] ?? null);

describe.each<Mode>(['socket', 'http'])('%s', (mode) => {
  beforeAll(() => open(mode), 60_000);
  afterAll(close);

  test(`the bot is killed at ${deaths} moments: what Slack was told is received is done and answered, once`, async () => {
    for (let round = 0; round < deaths; round += 1) {
      const moment = moments[round % moments.length] ?? 'amid';
      const bot = await startDoomed(moment, Math.floor(round / moments.length));
      const said = sayMuch(round, cards().at(-1));
      await Promise.race([bot.gone, sleep(10_000)]);
      await bot.kill();
      await leaseEnds();
      await Promise.all(said);
      slack.clearOrders();
      for (const host of ['cmp1', 'cmp2', 'cmp3', 'cmp4']) await stage.cloud.enable(host);
    }
    await bots.start();
    await slack.delivery.quiet();
    const { rows } = stage.story.database;
    const unsaid = rows.selectFrom('delivery').selectAll().where('state', '=', 'waiting');
    const unplanned = rows.selectFrom('job').selectAll().where('state', 'in', ['planning', 'queued', 'running']);
    const open = async () => [...(await unsaid.execute()), ...(await unplanned.execute())];
    await expect.poll(open, { timeout: 120_000 }).toEqual([]);
    // In a short run this may be the first card that anybody could press.
    const last = cards().at(-1);
    if (last !== undefined) await bob.click(last, 'Deny');
    await expect.poll(open, { timeout: 120_000 }).toEqual([]);

    const answers = alice.reads('ops').filter(({ from, ephemeral }) => from === 'vigie' && !ephemeral);
    // Nothing was said twice: neither a card nor a line beside it, nor an answer.
    const keys = answers.map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    // What was received has its card or answer, in its thread.
    const received = slack.delivered.filter(({ acked }) => acked !== null);
    expect(received.some(({ attempts }) => attempts.some(({ retry, acked }) => retry > 0 && acked !== null))).toBe(
      true,
    );
    const lines = received.flatMap(({ payload }) => tsOf(payload['event']));
    expect(lines.length).toBeGreaterThan(deaths);
    const threads = new Set(answers.map(({ thread }) => thread));
    expect(lines.filter((ts) => !threads.has(ts))).toEqual([]);
    // Who typed the slash command, or pressed, was answered; and what was pressed is decided.
    const commands = received.filter(({ kind }) => kind === 'slash_commands').map(({ id }) => id);
    expect(commands.filter((id) => !keys.some((key) => key.includes(id)))).toEqual([]);
    const pressed = received.flatMap(({ kind, payload }) => (kind === 'interactive' ? [JSON.stringify(payload)] : []));
    const jobs = pressed.flatMap((payload) => /!(?:approve|deny) (\w+)/.exec(payload)?.[1] ?? []);
    expect(jobs.length).toBeGreaterThan(0);
    for (const job of jobs) expect(await stage.story.state(job)).not.toBe('awaiting');
  }, 1_800_000);
});

/** Of a line that somebody typed. */
function tsOf(event: unknown): string[] {
  if (typeof event !== 'object' || event === null || !('ts' in event) || !('user' in event)) return [];
  return event.user === alice.id ? [String(event.ts)] : [];
}
