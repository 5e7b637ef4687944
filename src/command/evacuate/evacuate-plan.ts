import { text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { Server } from '../../openstack/cloud.ts';
import type { HostName } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import type { Asker } from '../drain/asker.ts';
import type { CordonInput } from '../drain/cordon.ts';
import { noRoomFor } from '../drain/drain-fields.ts';
import { hookSteps, startStops } from '../drain/hook.ts';
import { stateOf } from '../drain/host-lease.ts';
import type { ServerFacts, Surroundings } from '../drain/judge.ts';
import { type Reckoning, reckon } from '../drain/reckon.ts';
import { idBeside } from '../drain/server-blocks.ts';
import { groupsOf, readFacts } from '../drain/server-facts.ts';
import { all, findHost, isTaking, mustBeVirtual, reachableServices } from '../drain/survey.ts';
import type { PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { count, moment, size } from '../words.ts';
import { type Fate, type FateWish, fateOf } from './fate.ts';
import { resizedAway } from './resized-away.ts';

export interface EvacuateWish {
  readonly host: string;
  /** How it is known that no guest runs there any more, in the asker's words. */
  readonly fenced: string;
  readonly acceptDataLoss: boolean;
  readonly until: Date | null;
  /** The operators' programs that go with it. */
  readonly hookNames: readonly string[];
}

type Step = PlannedStep & { step: 'down' | 'cordon' | 'evacuate' | 'left' | 'hook' };
/** Rebuilt at a time. */
const lanes = 3;

/** `evacuate H`: the host is dead and fenced; its servers are rebuilt elsewhere, each said with what becomes of its disk. */
export async function evacuatePlan(wish: EvacuateWish, context: PlanContext): Promise<PlanDraft & { steps: Step[] }> {
  const { cloud } = context;
  const service = await findHost(wish.host, context);
  const { host } = service;
  if (service.state === 'up')
    throw new UserError(
      `nova-compute on ${host} is up: its servers can be moved, \`maintenance ${host}\`; only a dead host is evacuated`,
    );
  await mustBeVirtual(host, cloud);
  const shared = cloud.settings.sharedStorage;
  const { fates, asking, around } = await fatesOn(host, { shared, acceptDataLoss: wish.acceptDataLoss }, context);
  const going = fates.filter(({ fate }) => fate.verdict !== 'blocked');
  const reckoning = reckon(
    going.map(({ facts }) => facts),
    await asking.rooms([]),
    around,
  );
  const { hooks } = cloud.settings;
  const ran = (at: 'start' | 'empty') =>
    hookSteps(hooks, wish.hookNames, { host, at, reason: `fenced: ${wish.fenced}` });
  const lost = going.filter(({ fate }) => fate.verdict === 'DISK LOST').length;
  return {
    title: `evacuate ${host}: ${tally(fates.map(({ fate }) => fate))}`,
    blocks: [
      ...lossOf(lost).map(text),
      {
        kind: 'fields',
        fields: fieldsOf(wish, { service: stateOf(service), seen: service.updatedAt, servers: fates.length }),
      },
      ...[...noRoomFor(reckoning), ...consequences(host)].map(text),
    ],
    rows: [
      { key: `host:${host}`, verdict: 'force down', weight: 4, label: host, why: `fenced: ${wish.fenced}` },
      ...fates.map(({ facts, fate }) => rowOf(facts, fate, reckoning)),
      ...(await deletedOn(host, context)),
      ...(await resizedAway(host, context)),
    ],
    stages: stages(startStops(hooks, wish.hookNames)),
    steps: [
      ...ran('start'),
      ...closing(wish, { host, seen: service.updatedAt }),
      ...going.map(({ facts: { server }, fate }) => evacuateStep(server, fate, { host, shared })),
      { key: `left:${host}`, step: 'left', input: { host }, stage: 'left', label: `see what is left on ${host}` },
      ...ran('empty'),
    ],
    claims: [
      `host:${cloud.name}/${host}`,
      ...going.map(({ facts: { server } }) => `server:${cloud.name}/${server.id}`),
    ],
    risk: 'destructive',
    size: Math.max(1, going.length),
    votes: { extra: 0, least: lost > 0 ? 2 : 0 },
  };
}

function stages(startStops: boolean): PlanDraft['stages'] {
  return [
    { name: 'start', onFailure: startStops ? 'stop' : 'continue' },
    { name: 'down' },
    { name: 'cordon' },
    { name: 'evacuate', lanes, onFailure: 'continue' },
    { name: 'left', onFailure: 'continue', always: true },
    { name: 'empty', onFailure: 'continue', always: true },
  ];
}

interface Fated {
  readonly facts: ServerFacts;
  readonly fate: Fate;
}

interface Fates {
  readonly fates: readonly Fated[];
  readonly asking: Asker;
  readonly around: Surroundings;
}

async function fatesOn(host: HostName, wish: FateWish, context: PlanContext): Promise<Fates> {
  const { cloud } = context;
  const others = (await reachableServices(cloud)).filter((one) => one.host !== host && isTaking(one));
  const servers = await all(cloud.servers({ host }));
  if (servers.length > 0 && others.length === 0)
    throw new UserError(
      `no other compute host of ${cloud.name} is up and enabled: nothing could be rebuilt; hosts lists them`,
    );
  const { facts, asking } = await readFacts(servers, false, context);
  const groups = await groupsOf(servers, await cloud.serverGroups(), cloud);
  const around = { host, others, block: 'auto' as const, ...groups };
  return { fates: facts.map((one) => ({ facts: one, fate: fateOf(one, around, wish) })), asking, around };
}

/** Nova lists them apart and rebuilds none of them. */
async function deletedOn(host: HostName, { cloud }: PlanContext): Promise<PlanRow[]> {
  const deleted = await all(cloud.servers({ host, softDeleted: true }));
  const why = 'deleted by its owner, not reclaimed yet: it can be restored only once the host is back';
  return deleted.map(({ id, name }) => {
    return { key: `move:${id}`, verdict: 'skip', weight: 0, label: idBeside(name, id), name, why };
  });
}

/** Down first: then Nova waits for no answer of the host when it is disabled, and rebuilds what lies there. */
function closing(
  { fenced, until, hookNames }: EvacuateWish,
  found: { host: CordonInput['host']; seen: Date | null },
): Step[] {
  const { host, seen } = found;
  const cordon: CordonInput = {
    host,
    kind: 'drain',
    text: `evacuated; fenced: ${fenced}`,
    until: until?.toISOString() ?? null,
    adopt: true,
    dead: true,
    hooks: [...hookNames],
  };
  const down = { host, heartbeat: seen?.toISOString() ?? null };
  return [
    { key: `down:${host}`, step: 'down', input: down, stage: 'down', label: `tell Nova that ${host} is down` },
    { key: `cordon:${host}`, step: 'cordon', input: cordon, stage: 'cordon', label: `stop scheduling to ${host}` },
  ];
}

function evacuateStep(
  { id, name }: Server,
  { verdict }: Fate,
  { host, shared }: { host: string; shared: boolean },
): Step {
  const input = { server: id, from: host, shared, disk: verdict === 'DISK LOST' ? 'lost' : 'kept' };
  return { key: `move:${id}`, step: 'evacuate', input, stage: 'evacuate', label: `rebuild ${name}, ${verdict}` };
}

function rowOf(
  { server: { id, name, flavor }, owner }: ServerFacts,
  { verdict, weight, why }: Fate,
  { notes }: Reckoning,
): PlanRow {
  const { ramMb } = flavor;
  const label = ramMb ? `${name} (${size(ramMb)})` : name;
  const said = [why, notes.get(id) ?? ''].filter((part) => part !== '').join('; ');
  const named = verdict === 'blocked' ? idBeside(label, id) : label;
  return { key: `move:${id}`, verdict, weight, label: named, name, why: said, project: owner };
}

interface Known {
  readonly service: string;
  readonly seen: Date | null;
  readonly servers: number;
}

function fieldsOf({ host, fenced }: EvacuateWish, { service, seen, servers }: Known): [string, string][] {
  return [
    ['host', `${host}, ${service}`],
    ['last heard of', seen === null ? 'never' : moment(seen)],
    ['fenced', fenced],
    ['on it', count(servers, 'server')],
  ];
}

/** Said before anything else: a chat with little room shows the first lines only. */
function lossOf(lost: number): string[] {
  return lost === 0 ? [] : [`${count(lost, 'disk')} will be LOST. Two people must agree.`];
}

function consequences(host: string): string[] {
  return [
    `If ${host} still runs, its guests run twice and write to the same volumes: only fencing keeps that from happening, and vigie cannot see it.`,
    'A guest that ran runs again, one that was stopped stays stopped: asked as 2.94 at most, for from 2.95 on Nova leaves them all stopped.',
    'If its nova-compute reports again meanwhile, nothing more is sent.',
    `Afterwards, starting nova-compute on ${host} deletes the disks of what was rebuilt; then \`maintenance ${host} off\` opens it.`,
  ];
}

function tally(fates: readonly Fate[]): string {
  const counts = (['disk kept', 'DISK LOST', 'blocked'] as const)
    .map((verdict) => ({ verdict, number: fates.filter((fate) => fate.verdict === verdict).length }))
    .filter(({ number }) => number > 0);
  return counts.length === 0
    ? 'it has no servers'
    : counts.map(({ verdict, number }) => `${number} ${verdict}`).join(', ');
}
