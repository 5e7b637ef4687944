import { createServer } from 'node:net';
import { events, scopes } from '../../adapters/slack/needs.ts';
import type { SlackOptions } from '../../adapters/slack/options.ts';
import { ratesTimes } from '../../adapters/slack/rates.ts';
import { createSlack } from '../../adapters/slack/slack.ts';
import type { Adapter } from '../../src/chat/message.ts';
import { hasEnded, JobState } from '../../src/jobs/job.ts';
import { openStage, type Stage } from '../stories/stage.ts';
import { type Seen, seen } from './fake/seen.ts';
import { type SlackOptions as FakeOptions, type FakeSlack, startSlack } from './fake/slack.ts';

/** A Slack in which the app is what the manifest makes of it. */
export function startManifestSlack(options: FakeOptions = {}): Promise<FakeSlack> {
  return startSlack({ scopes, events, ...options });
}

export type Mode = 'socket' | 'http';

/** As the product's own, so many times faster as the fake allows. */
export async function slackOptions(slack: FakeSlack, mode: Mode, factor = 1000): Promise<SlackOptions> {
  return {
    team: slack.team,
    botToken: slack.botToken,
    reach:
      mode === 'socket'
        ? { mode, appToken: slack.appToken }
        : { mode, signingSecret: slack.signingSecret, port: await freePort() },
    apiUrl: slack.url,
    prefix: '!',
    reactions: { approve: ['white_check_mark', '+1'], deny: ['x'] },
    rates: ratesTimes(factor),
    log: (level, facts, words) => {
      if (process.env['STORY_LOG'] !== undefined) process.stderr.write(`${level} ${words} ${JSON.stringify(facts)}\n`);
    },
  };
}

/** Hears, whichever way: the sockets are open, or Slack has taken the address. */
export async function isUp(slack: FakeSlack, adapter: Adapter, { reach }: SlackOptions): Promise<void> {
  while (adapter.problem?.() !== null) await new Promise((resolve) => setTimeout(resolve, 20));
  if (reach.mode === 'http') await slack.requestUrl(`http://127.0.0.1:${reach.port}/slack/events`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What answers that line: in its thread, or shown to who said it alone, beneath it. */
export function answers(line: Pick<Seen, 'ts'>, what: RegExp): (message: Seen) => boolean {
  return ({ ts, thread, ephemeral, text }) =>
    what.test(text) && (thread === line.ts || (ephemeral && thread === undefined && Number(ts) > Number(line.ts)));
}

/** An operators' channel in a workspace of Slack, with vigie in it and a simulated cloud behind it. */
export interface Ops {
  readonly slack: FakeSlack;
  readonly adapter: Adapter;
  readonly stage: Stage;
  /** The message as it is now. */
  now(message: Pick<Seen, 'channel' | 'ts'>): Seen;
  /** Everything in a channel, also what only one person sees. */
  all(channel: string): Seen[];
  /** Somebody asks for something that needs a vote: its card, once it waits and vigie knows it again. */
  plan(line: string, who?: string): Promise<{ readonly job: string; readonly card: Seen; readonly asked: Seen }>;
  /** The job's last state, once all of it was said. */
  ended(job: string): Promise<string>;
  close(): Promise<void>;
}

export const names = ['alice', 'bob', 'carol', 'guest', 'gone', 'alien'] as const;

function policyOf(
  slack: FakeSlack,
  ids: { readonly ops: string; readonly approve: string; readonly oncall: string },
): string {
  const people = names.map((name) => {
    const account = `slack:${slack.person(name).account}`;
    const also = name === 'bob' ? ", 'test:bob'" : name === 'alice' ? ", 'test:alice'" : '';
    return `  ${name}: { accounts: ['${account}'${also}], roles: [operator, approver] }`;
  });
  return `
people:
${people.join('\n')}
anyone: { roles: [reader] }
rules:
  - allow: [everyone]
approval:
  - commands: [unprotect]
    votes: 1
    typed: true
  - commands: [disable]
    votes: 2
  - risk: [disruptive, destructive]
    places: ['slack:${slack.team}/${ids.approve}']
    call: ['slack:${slack.team}/${ids.oncall}']
places:
  'slack:${slack.team}/${ids.ops}': { cloud: demo }
  'test:room': { cloud: demo }
`;
}

export async function openOps(mode: Mode, options: FakeOptions & { readonly factor?: number } = {}): Promise<Ops> {
  const slack = await startManifestSlack({ mode, ...options });
  for (const name of names) slack.person(name);
  const ids = {
    ops: slack.channel('ops').id,
    approve: slack.channel('approve').id,
    oncall: slack.group('oncall', [slack.person('bob')]),
  };
  slack.person('guest', { restricted: true });
  slack.person('gone', { deleted: true });
  const policy = policyOf(slack, ids);
  slack.person('alien', { stranger: true });
  const own = await slackOptions(slack, mode, options.factor);
  const adapter = createSlack(own);
  const stage = await openStage({}, { policy, adapters: [adapter] });
  const { story } = stage;
  await isUp(slack, adapter, own);

  const channelOf = (named: string) =>
    [...slack.workspace.channels.values()].find(({ id, name }) => id === named || name === named);
  const all = (channel: string) =>
    (channelOf(channel)?.messages ?? [])
      .filter(({ deleted }) => !deleted)
      .map((message) => seen(message, slack.workspace));

  return {
    slack,
    adapter,
    stage,
    all,
    now: ({ channel, ts }) => all(channel).find((message) => message.ts === ts) as Seen,
    async plan(line, who = 'alice') {
      const asked = slack.person(who).say('ops', `!${line}`);
      const inThread = (message: Seen) => message.thread === asked.ts && /needs \d approval/.test(message.text);
      const card = await slack.person(who).sees('ops', inThread, { ms: 60_000 });
      const job = /^([0-9a-z]{4,}) ·/m.exec(card.text)?.[1] ?? '';
      const noted = story.database.rows
        .selectFrom('delivery')
        .select('id')
        .where('job', '=', job)
        .where('handle', '=', card.ts);
      await story.until('the card to be noted', async () => (await noted.execute()).length > 0);
      return { job, card, asked };
    },
    async ended(job) {
      await story.until(`the end of ${job}`, async () => hasEnded(JobState.parse(await story.state(job))), 60_000);
      const waiting = story.database.rows.selectFrom('delivery').select('id').where('state', '=', 'waiting');
      await story.until(`the last word on ${job}`, async () => (await waiting.execute()).length === 0);
      return story.state(job);
    },
    async close() {
      await stage.close();
      await slack.close();
    },
  };
}
