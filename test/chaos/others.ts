import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from '../../src/chat/report.ts';
import { ProofOutput } from '../../src/command/drain/proof.ts';
import { verifyAudit } from '../../src/policy/audit.ts';
import { openApi } from '../clouds/api.ts';
import type { Entry } from '../clouds/ground.ts';
import type { Shown } from '../clouds/servers.ts';
import { onLab } from '../clouds.ts';
import { chance } from '../setup/chance.ts';
import { openStage, type Ran, type Stage } from '../stories/stage.ts';
import { calm, type Others, oneAct } from './acts.ts';
import { brokenRules, isCrowded, lanesOf, membersApart, waits } from './journal.ts';

/** What came of one drain among people and machines that did what they liked meanwhile. Every list should be empty. */
export interface Night {
  readonly state: string;
  /** How many moves of vigie's came to their end: in a night without any nothing is shown. */
  readonly arrived: number;
  /** Servers on the host that the proof does not have by their id, or that no row tells as left there. */
  readonly untold: readonly string[];
  /** Servers that vigie moved off the host more than once. */
  readonly twice: readonly string[];
  /** Resizes of others that vigie confirmed. */
  readonly confirmed: readonly string[];
  /** Moments at which more of vigie's moves waited in Nova's queue than had a free place, and one. */
  readonly ahead: readonly string[];
  /** Moments at which servers that must be apart were on one host. */
  readonly together: readonly string[];
  readonly auditWhole: boolean;
  readonly acts: readonly string[];
}

const settings = onLab
  ? { serverDeadline: 20_000, totalDeadline: 90_000 }
  : { serverDeadline: 4000, totalDeadline: 40_000 };
const simulated = { migrateSeconds: 8, hosts: 6, serviceDownSeconds: 3, reportSeconds: 1 };
const mostActs = 14;
/** A real cloud does less in the same time. */
const pause = onLab ? 8 : 1;

/** The same night for the same seed, as far as the choice of acts goes. */
export async function night(own: number): Promise<Night> {
  const random = chance(own);
  const lanes = lanesOf(own);
  const stage = await openStage({ simulator: { ...simulated, lanes }, settings }, { workers: 2 });
  try {
    const { cloud, story } = stage;
    if (onLab) await cloud.migrationSeconds(1);
    const [host = '', ...fellows] = await Promise.all([1, 2, 3].map(() => cloud.ownHost()));
    const apart = await membersApart(stage, host, fellows[0] ?? '');
    await cloud.servers(9, host);
    const stray = await cloud.server('stray', fellows[1] ?? '');
    const { job } = await stage.plan(`maintenance ${host}`);
    await stage.approve(job);
    // What changes before its second look makes another plan of it.
    await story.until('it has begun', async () => !['awaiting', 'queued'].includes(await story.state(job)));
    const ops = openApi(cloud.authUrl, 'ops', 'admin');
    const others: Others = { stage, host, fellows, stray: stray.id, ill: new Map(), ops, random };
    const acts: string[] = [];
    while (acts.length < mostActs && !isOver(await story.state(job))) {
      acts.push(await oneAct(others));
      await answerAnything(stage, job, random);
      await delay(pause * (100 + random() * 250));
    }
    await calm(others);
    const ran = await endOf(stage, job, random);
    return { ...(await truthOf(others, ran, { apart, lanes })), acts };
  } finally {
    await stage.close();
  }
}

/** Nobody confirms another's resize; everything else is answered at random. */
async function answerAnything({ story }: Stage, job: string, random: () => number): Promise<void> {
  const lines = (story.card(job)?.replies ?? []).map(({ line }) => line.replace(/^!/, ''));
  const answers = lines.filter((line) => line.startsWith('answer ') && !line.endsWith(' confirm'));
  const line = answers[Math.floor(random() * answers.length)];
  if (line !== undefined) await story.say('carol', `!${line}`);
}

async function endOf(stage: Stage, job: string, random: () => number): Promise<Ran> {
  const over = async () => {
    await answerAnything(stage, job, random);
    return isOver(await stage.story.state(job));
  };
  await stage.story.until(`the end of ${job}`, over, 100_000);
  return stage.ended(job);
}

function isOver(state: string): boolean {
  return ['done', 'partial', 'failed', 'cancelled'].includes(state);
}

type Truth = Omit<Night, 'acts'>;

interface Rules {
  readonly apart: ReadonlyMap<string, string>;
  readonly lanes: number;
}

async function truthOf({ stage, host }: Others, ran: Ran, { apart, lanes }: Rules): Promise<Truth> {
  const { cloud, story } = stage;
  const journal = await cloud.journal();
  // The cloud may be others', too.
  const here = journal.filter(({ source, dest }) => source === host || dest === host);
  const ours = here.filter(({ by, source }) => by === 'admin' && source === host);
  const arrived = ours.filter(({ status }) => ['completed', 'confirmed'].includes(status));
  const servers = arrived.map(({ server }) => server);
  const ahead = tooMany(ours, lanes, await letGo(stage, ran.job));
  return {
    state: ran.state,
    arrived: arrived.length,
    untold: await untold(stage, host, ran),
    twice: servers.filter((server, index) => servers.indexOf(server) !== index),
    confirmed: await confirmedForOthers(stage, here),
    ahead,
    together: brokenRules(journal, apart).together,
    auditWhole: (await verifyAudit(story.database.rows)).whole,
  };
}

/** When each server's move was given up and told so, or the server was seen deleted: what waits on in Nova's queue then holds no lane. */
async function letGo({ story }: Stage, job: string): Promise<Map<string, Date>> {
  const steps = story.database.rows.selectFrom('step').select(['step_key', 'ended_at']).where('job', '=', job);
  const ended = await steps.where('state', 'in', ['unproven', 'gone']).execute();
  return new Map(ended.flatMap(({ step_key: key, ended_at: at }) => (at ? [[key.replace('move:', ''), at]] : [])));
}

/** Moments at which more of these waited than had a place and one, but for those that vigie had let go of. */
function tooMany(ours: readonly Entry[], lanes: number, gone: ReadonlyMap<string, Date>): string[] {
  const now = new Map<number, Entry>();
  return ours.flatMap((entry) => {
    now.set(entry.migration, entry);
    const live = [...now.values()].filter(({ type, server, status }) => {
      const over = gone.get(server);
      return type === 'live-migration' && (!waits(status) || over === undefined || over > entry.at);
    });
    return isCrowded(live, lanes) ? [entry.at.toISOString()] : [];
  });
}

async function untold({ cloud, story }: Stage, host: string, { job, report }: Ran): Promise<string[]> {
  const { rows } = story.database;
  const step = rows.selectFrom('step').select('output').where('job', '=', job).where('name', '=', 'proof');
  const { output } = await step.executeTakeFirstOrThrow();
  const { left, doubts } = ProofOutput.parse(JSON.parse(output ?? 'null'));
  const proven = new Set(left.map(({ server }) => server));
  const lines = toldAsLeft(report);
  const isTold = ({ id, name }: Shown) =>
    // On its way when the proof looked, it has arrived since.
    doubts.some((doubt) => [name, id].some((one) => doubt.startsWith(`${one} is on its way here`))) ||
    (proven.has(id) && lines.some((line) => line.includes(id)));
  return (await cloud.on(host)).filter((server) => !isTold(server)).map(({ id, name }) => `${name} ${id}`);
}

const notLeft = ['not begun', 'blocked', 'failed', 'unproven'];

/** The rows of those that did not leave, and the line of those that have no such row. */
function toldAsLeft({ blocks }: Report): string[] {
  return blocks.flatMap((block) => {
    if (block.kind === 'steps') return block.steps.map(({ label }) => label);
    if (block.kind === 'table')
      return block.rows.filter(([, , how = '']) => notLeft.includes(how)).map(([label = '']) => label);
    return block.kind === 'text' && block.text.startsWith('Still on ') ? [block.text] : [];
  });
}

/** Nobody but vigie confirms anything in such a night: more than its own moves would be others' resizes. */
async function confirmedForOthers({ cloud }: Stage, journal: readonly Entry[]): Promise<string[]> {
  const resizes = journal.filter(({ type, status }) => type !== 'live-migration' && status === 'finished');
  const found: string[] = [];
  for (const server of new Set(resizes.map((one) => one.server))) {
    const own = resizes.filter((one) => one.server === server && one.by === 'admin');
    const confirmed = (await cloud.actions(server)).filter((action) => action === 'confirmResize');
    if (confirmed.length > own.length) found.push(server);
  }
  return found;
}
