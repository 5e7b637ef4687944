import { setTimeout as delay } from 'node:timers/promises';
import type { Control } from '../../src/simulator/simulator.ts';
import type { Api } from '../clouds/api.ts';
import type { Shown } from '../clouds/servers.ts';
import type { Stage } from '../stories/stage.ts';

export interface Others {
  readonly stage: Stage;
  readonly host: string;
  /** Hosts that break down, as the drained one does; there are others that never do. */
  readonly fellows: readonly string[];
  /** A server elsewhere, which may be forced onto the host. */
  readonly stray: string;
  readonly ill: Map<string, 'killed' | 'frozen'>;
  /** Another administrator than vigie. */
  readonly ops: Api;
  random(): number;
}

/** One thing that somebody or something else does; refusals are as good as any answer. */
export async function oneAct(others: Others): Promise<string> {
  const { stage, random } = others;
  const here = (await patiently(() => stage.cloud.on(others.host))).filter(({ name }) => !name.includes('apart-'));
  const victim = pick(here, random);
  const acts = [
    ...(victim === undefined ? [] : whatPeopleDo(others, victim)),
    ...whatBreaks(others),
    ...(stage.cloud.control === null ? [] : whatIsSimulated(others, stage.cloud.control)),
  ];
  return (await pick(acts, random)?.()) ?? 'nothing';
}

function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)];
}

type Act = () => Promise<string>;

function whatPeopleDo({ stage: { cloud }, host, stray, ops, random }: Others, { id, name }: Shown): Act[] {
  const on = (verb: string, server: string, body: object, version?: string) => async () => {
    await patiently(() => cloud.act(server, body, ops, version));
    return verb;
  };
  const phase = pick(['precheck', 'pre', 'run', 'hang', 'crash'] as const, random) ?? 'run';
  // Nova asks no scheduler then: it arrives though the host is closed.
  const forced = { 'os-migrateLive': { host, block_migration: 'auto', force: true } };
  return [
    on(`stops ${name}`, id, { 'os-stop': null }),
    on(`starts ${name}`, id, { 'os-start': null }),
    on(`locks ${name}`, id, { lock: { locked_reason: 'mine' } }),
    on(`moves ${name}`, id, { 'os-migrateLive': { host: null, block_migration: 'auto' } }),
    on(`resizes ${name}`, id, { migrate: null }),
    on('forces a stray onto the host', stray, forced, '2.67'),
    async () => {
      await patiently(() => cloud.remove(id));
      return `deletes ${name}`;
    },
    async () => {
      await cloud.fail(phase, name);
      return `${phase} fails for ${name}`;
    },
  ];
}

function whatBreaks({ stage: { cloud, story }, host, fellows, ill, random }: Others): Act[] {
  const one = pick([host, ...fellows], random) ?? host;
  return [
    async () => {
      if (ill.has(one)) return `${one} is ${ill.get(one)} already`;
      ill.set(one, 'frozen');
      await cloud.freezeCompute(one);
      return `freezes ${one}`;
    },
    async () => {
      if (ill.get(one) === 'killed') return `${one} is killed already`;
      ill.set(one, 'killed');
      await cloud.killCompute(one);
      return `kills ${one}`;
    },
    async () => {
      await story.workers.shift()?.stop();
      await story.startWorker();
      return 'a worker leaves, another comes';
    },
  ];
}

function whatIsSimulated({ host, random }: Others, control: Control): Act[] {
  return [
    async () => `builds ${(await control.createServer({ name: `late-${random().toFixed(3)}`, host })).name}`,
    async () => {
      await control.wire({ path: '/servers', status: 503, times: 3 });
      return 'three times 503';
    },
    async () => {
      await control.wire({ path: '/action', method: 'POST', drop: 'after', times: 1 });
      return 'loses an answer';
    },
  ];
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
export async function calm({ stage: { cloud }, ill }: Others): Promise<void> {
  await cloud.heal();
  await Promise.all(
    [...ill].map(([host, how]) => (how === 'killed' ? cloud.startCompute(host) : cloud.thawCompute(host))),
  );
  await cloud.until('the cloud answers', async () => (await cloud.admin.call('GET', '/servers')).status === 200);
}
