import { setTimeout as delay } from 'node:timers/promises';
import { verifyAudit } from '../../src/policy/audit.ts';
import type { Control } from '../../src/simulator/simulator.ts';
import { type Api, openApi } from '../clouds/api.ts';
import { openStage, type Ran, type Stage } from '../stories/stage.ts';

/** What came of one drain among people and machines that did what they liked meanwhile. Every list should be empty. */
export interface Night {
  readonly state: string;
  /** Servers on the host that the end does not name. */
  readonly untold: readonly string[];
  /** Servers that vigie moved off the host more than once. */
  readonly twice: readonly string[];
  /** Resizes of others that vigie confirmed. */
  readonly confirmed: readonly string[];
  /** Moments at which more of vigie's moves waited in Nova's queue than it may: one ahead, and one that is sent again. */
  readonly ahead: readonly string[];
  readonly auditWhole: boolean;
  readonly acts: readonly string[];
}

const settings = { serverDeadline: 4000, totalDeadline: 40_000 };
const simulator = { migrateSeconds: 8, hosts: 6, serviceDownSeconds: 3, reportSeconds: 1 };

/** The same night for the same seed, as far as the choice of acts goes. */
export async function night(random: () => number): Promise<Night> {
  const stage = await openStage({ simulator, settings }, { workers: 2 });
  try {
    const { cloud, story } = stage;
    const host = await cloud.ownHost();
    for (let n = 0; n < 3; n += 1) await cloud.ownHost();
    await cloud.servers(10, host);
    const control = cloud.control;
    if (control === null) throw new Error('others act on the simulated cloud only');
    const { job } = await stage.plan(`maintenance ${host}`);
    await stage.approve(job);
    const others: Others = { stage, host, ops: openApi(cloud.authUrl, 'ops', 'admin'), control, random };
    const acts: string[] = [];
    for (let act = 0; act < 14 && !isOver(await story.state(job)); act += 1) {
      acts.push(await oneAct(others));
      await answerAnything(stage, job, random);
      await delay(100 + random() * 250);
    }
    await calm(others);
    const ran = await endOf(stage, job, random);
    return { ...(await truthOf(others, ran)), acts };
  } finally {
    await stage.close();
  }
}

interface Others {
  readonly stage: Stage;
  readonly host: string;
  /** Another administrator than vigie. */
  readonly ops: Api;
  readonly control: Control;
  random(): number;
}

/** One thing that somebody or something else does; refusals are as good as any answer. */
async function oneAct({ stage, host, ops, control, random }: Others): Promise<string> {
  const { cloud, story } = stage;
  const here = await patiently(() => cloud.on(host));
  const victim = here[Math.floor(random() * here.length)];
  const other = `cmp${2 + Math.floor(random() * 3)}`;
  const phase = (['precheck', 'pre', 'run', 'hang', 'crash'] as const)[Math.floor(random() * 5)] ?? 'run';
  const on = (verb: string, body: object) => async () => {
    if (victim !== undefined) await patiently(() => cloud.act(victim.id, body, ops));
    return `${verb} ${victim?.name}`;
  };
  const acts: readonly (() => Promise<string>)[] = [
    on('stops', { 'os-stop': null }),
    on('starts', { 'os-start': null }),
    on('locks', { lock: { locked_reason: 'mine' } }),
    on('moves', { 'os-migrateLive': { host: null, block_migration: 'auto' } }),
    on('resizes', { migrate: null }),
    async () => {
      if (victim !== undefined) await patiently(() => cloud.remove(victim.id));
      return `deletes ${victim?.name}`;
    },
    async () => `builds ${(await control.createServer({ name: `late-${random().toFixed(3)}`, host })).name}`,
    async () => {
      if (victim !== undefined) await control.migration({ fail: [{ phase, glob: victim.name }] });
      return `${phase} fails for ${victim?.name}`;
    },
    async () => {
      await control.freezeCompute(other);
      return `freezes ${other}`;
    },
    async () => {
      await control.killCompute(other);
      return `kills ${other}`;
    },
    async () => {
      await control.wire({ path: '/servers', status: 503, times: 3 });
      return 'three times 503';
    },
    async () => {
      await control.wire({ path: '/action', method: 'POST', drop: 'after', times: 1 });
      return 'loses an answer';
    },
    async () => {
      await story.workers[0]?.stop();
      story.workers.shift();
      await story.startWorker();
      return 'a worker leaves, another comes';
    },
  ];
  return (await acts[Math.floor(random() * acts.length)]?.()) ?? 'nothing';
}

/** The troubles that are ordered for vigie meet the others, too. */
async function patiently<T>(asking: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await asking();
    } catch (error) {
      if (tries === 20) throw error;
      await delay(50);
    }
  }
}

/** Machines are well again; what people did stays. */
async function calm({ control, stage }: Others): Promise<void> {
  await control.migration({ clear: true });
  for (const host of ['cmp2', 'cmp3', 'cmp4']) await control.startCompute(host);
  for (const host of ['cmp2', 'cmp3', 'cmp4']) await control.thawCompute(host);
  await stage.cloud.until(
    'the cloud answers',
    async () => (await stage.cloud.admin.call('GET', '/servers')).status === 200,
  );
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

async function truthOf({ stage, host, control }: Others, ran: Ran): Promise<Omit<Night, 'acts'>> {
  const ours = (await control.journal()).filter(({ by }) => by === 'admin');
  const left = await stage.cloud.on(host);
  const arrived = ours.filter(({ status, source }) => source === host && ['completed', 'confirmed'].includes(status));
  const servers = arrived.map(({ server }) => server);
  const theirs = (await control.journal()).filter(({ by, status }) => by !== 'admin' && status === 'confirming');
  const waiting = new Map<number, string>();
  const ahead = ours.flatMap(({ at, migration, status, type }) => {
    waiting.set(migration, type === 'live-migration' ? status : '');
    const queue = [...waiting.values()].filter((one) => one === 'accepted' || one === 'queued');
    return queue.length > 2 ? [at.toISOString()] : [];
  });
  return {
    state: ran.state,
    untold: left.filter(({ name }) => !ran.words.includes(name)).map(({ name }) => name),
    twice: servers.filter((server, index) => servers.indexOf(server) !== index),
    confirmed: theirs.map(({ server }) => server),
    ahead,
    auditWhole: (await verifyAudit(stage.story.database.rows)).whole,
  };
}
