import { createIrc, type IrcOptions } from '../../adapters/irc/irc.ts';
import { hasEnded, JobState } from '../../src/jobs/job.ts';
import { onLab, openStage, type Stage } from '../stories/stage.ts';
import { quickPace } from './pace.ts';
import { arrive, type Person } from './person.ts';
import { accounts, type IrcServers } from './servers.ts';

/** An operators' channel on real IRC servers, with vigie in it and a simulated cloud behind it. */
export interface Ops {
  readonly stage: Stage;
  /** alice asks for something that needs a vote; resolves with the job that waits for it, and the card's id. */
  plan(alice: Person, line: string): Promise<{ job: string; card: string }>;
  /** The job's last state, once all of it was said. */
  ended(job: string): Promise<string>;
  /** Everything that counts: jobs that change something, votes, protections and closed hosts. */
  traces(): Promise<string>;
  connected(): boolean;
  close(): Promise<void>;
}

export const channel = '#ops';

const people = `
people:
  alice: { accounts: ['irc:test/alice'], roles: [operator, approver] }
  bob: { accounts: ['irc:test/Bob'], roles: [operator, approver] }
  carol: { accounts: ['irc:test/carol'], roles: [operator, approver] }
  room: { accounts: ['test:alice'], roles: [operator, approver] }
anyone: { roles: [reader] }
places:
  'irc:test/#ops': { cloud: demo }
  'irc:bare/#ops': { cloud: demo }
  'irc:strict/#ops': { cloud: demo }
  'test:room': { cloud: demo }
`;
const everywhere = 'rules: [{ allow: [everyone] }]';

export interface OpsOptions {
  /** Under this name in places and accounts: the port and whether there are services. */
  readonly networks: Readonly<Record<string, { port: number; services: boolean }>>;
  /** Rules and approvals, where they are not the usual ones. */
  readonly policy?: string;
  /** At the rate and the pace that vigie is shipped with. */
  readonly shipped?: boolean;
}

export async function openOps({ networks, policy = everywhere, shipped = false }: OpsOptions): Promise<Ops> {
  const optionsOf = shipped ? asShipped : ircOptions;
  const adapters = Object.entries(networks).map(([name, { port, services }]) =>
    createIrc(optionsOf(name, port, services)),
  );
  const stage = await openStage({}, { policy: people + policy, adapters });
  await stage.story.until('vigie to be on IRC', () => adapters.every((adapter) => adapter.connected()));
  return {
    stage,
    async plan(alice, line) {
      const said = await alice.ask(channel, `!${line}`, /approve ([0-9a-z]{4,})/, patience);
      const job = /approve ([0-9a-z]{4,})/.exec(said.text)?.[1] ?? '';
      // The line is seen before vigie has noted under which id it is known.
      const noted = () =>
        stage.story.database.rows
          .selectFrom('delivery')
          .select('handle')
          .where('job', '=', job)
          .where('place_id', '=', `irc:test/${channel}`)
          .where('kind', '=', 'card')
          .executeTakeFirst();
      await stage.story.until('the card to be noted', async () => (await noted())?.handle != null);
      return { job, card: (await noted())?.handle ?? '' };
    },
    async ended(job) {
      const { story } = stage;
      await story.until(`the end of ${job}`, async () => hasEnded(JobState.parse(await story.state(job))), patience);
      const waiting = story.database.rows.selectFrom('delivery').select('id').where('state', '=', 'waiting');
      await story.until(`the last word on ${job}`, async () => (await waiting.execute()).length === 0);
      return story.state(job);
    },
    async traces() {
      const { rows } = stage.story.database;
      const jobs = await rows.selectFrom('job').select(['id', 'human', 'state']).where('kind', '=', 'change').execute();
      const votes = await rows.selectFrom('vote').selectAll().execute();
      const leases = await rows.selectFrom('lease').selectAll().execute();
      return JSON.stringify({ jobs, votes: votes.length, leases: leases.length });
    },
    connected: () => adapters.every((adapter) => adapter.connected()),
    close: () => stage.close(),
  };
}

/** How long a job may take, ms. */
export const patience = onLab ? 240_000 : 60_000;

export function ircOptions(name: string, port: number, services: boolean): IrcOptions {
  return {
    name,
    link: { host: '127.0.0.1', port, tls: null },
    nick: 'vigie',
    serverPassword: null,
    login: services ? { account: 'vigie', mechanism: 'PLAIN', password: accounts.vigie } : null,
    channels: [{ name: channel, key: null }],
    version: 'test',
    colours: false,
    prefix: '!',
    // The tests are about what is said, not about how fast.
    rate: { burst: 1000, everyMs: 1 },
    inbound: { burst: 1000, everyMs: 1 },
    // Each PING is a line that a server with its shipped limits counts, and answers late.
    pace: services ? quickPace : { ...quickPace, pingMs: 5000, silenceMs: 20_000 },
    log: (level, facts, words) => {
      if (process.env['STORY_LOG'] !== undefined) process.stderr.write(`${level} ${words} ${JSON.stringify(facts)}\n`);
    },
  };
}

/** With the limits of a real night. */
export function asShipped(name: string, port: number, services: boolean): IrcOptions {
  const { rate: _lifted, pace: _quick, inbound: _any, ...options } = ircOptions(name, port, services);
  return options;
}

/** In the channel, once vigie is there too. */
export async function enter(
  irc: IrcServers,
  nick: string,
  account: keyof typeof accounts | null = null,
  port = irc.inspircd.fast,
): Promise<Person> {
  const person = await arrive({ port, nick, account, channels: [channel] });
  for (let tries = 0; tries < 120; tries += 1) {
    const answered = await person.ask(channel, '!whoami', /^You are|knows nobody/, 500).catch(() => null);
    if (answered !== null) return person;
  }
  throw new Error('vigie does not answer in the channel');
}
