import { UserError } from '../../chat/user-error.ts';
import type { Server } from '../../openstack/cloud.ts';
import type { Plan, PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { count, moment, size } from '../words.ts';
import type { CordonInput } from './cordon.ts';
import { isOurs, stateOf } from './host-lease.ts';
import { type Judged, judge, type ServerFacts } from './judge.ts';
import type { Survey } from './survey.ts';

export interface DrainWish {
  readonly cloud: string;
  readonly text: string;
  readonly until: Date | null;
  readonly adopt: boolean;
  readonly lanes: number;
}

type DrainStep = PlannedStep & { step: 'cordon' | 'move' | 'resized' | 'gate' | 'proof' };
type Row = PlanRow & { readonly ram: number; readonly step: DrainStep | null };

/** So many fail one after the other before the rest is not tried without asking. */
export const canaries = 3;

/** The plan of a drain from what was found: pure, one row per server, smallest first. */
export function drainPlan(found: Survey, wish: DrainWish): PlanDraft & { steps: DrainStep[] } {
  const host = found.service.host;
  const rows = [...found.facts.map((facts) => serverRow(facts, found)), ...arrivals(found), ...leftBehind(found)];
  const steps = rows.flatMap(({ step }) => step ?? []);
  if (steps.length > 0 && found.around.others.length === 0) {
    throw new UserError(`no other compute host of ${wish.cloud} is up and enabled: nothing could leave ${host}`);
  }
  return {
    title: `drain ${host}: ${tally(rows)}`,
    blocks: [{ kind: 'fields', fields: fieldsOf(found, wish, rows) }],
    rows: [
      hostRow(found, wish),
      ...rows.map(({ key, verdict, weight, label, why }) => ({ key, verdict, weight, label, why })),
    ],
    ...staged(found, wish, rows),
    claims: [`host:${wish.cloud}/${host}`, ...claimed(rows, wish.cloud)],
    size: Math.max(1, steps.length),
  };
}

function staged(found: Survey, wish: DrainWish, rows: readonly Row[]): { stages: Plan['stages']; steps: DrainStep[] } {
  const host = found.service.host;
  const ordered = rows.toSorted((a, b) => rank(a) - rank(b) || a.ram - b.ram || (a.key < b.key ? -1 : 1));
  const movable = ordered.flatMap(({ step }) => step ?? []);
  const first = ordered
    .filter(({ verdict }) => verdict === 'live')
    .slice(0, canaries)
    .flatMap(({ step }) => step ?? []);
  const guarded = first.length === canaries && movable.length > canaries;
  const alone = new Set((guarded ? first : first.slice(0, 1)).map(({ key }) => key));
  const moves = movable.map((step) => (alone.has(step.key) ? { ...step, stage: 'canary' } : step));
  const gate: DrainStep = {
    key: 'gate',
    step: 'gate',
    input: { host, first: [...alone] },
    stage: 'gate',
    label: `go on only if one of the first ${canaries} left`,
  };
  return {
    stages: [
      stage('cordon', 1, 'stop'),
      stage('canary', 1, 'continue'),
      stage('gate', 1, 'stop'),
      stage('move', wish.lanes, 'continue'),
      { ...stage('proof', 1, 'continue'), always: true },
    ],
    steps: [cordonStep(found, wish), ...moves, ...(guarded ? [gate] : []), proofStep(found)],
  };
}

/** What must wait comes last, so that it holds no lane others could use; questions come first, people are slow. */
function rank({ verdict }: PlanRow): number {
  return ['ask', 'live', 'cold', 'wait'].indexOf(verdict);
}

function stage(name: string, lanes: number, onFailure: 'stop' | 'continue'): Plan['stages'][number] {
  return { name, lanes, onFailure, always: false };
}

function cordonStep({ service: { host } }: Survey, { text, until, adopt }: DrainWish): DrainStep {
  const input: CordonInput = { host, kind: 'drain', text, until: until?.toISOString() ?? null, adopt };
  return { key: `cordon:${host}`, step: 'cordon', input, stage: 'cordon', label: `stop scheduling to ${host}` };
}

function proofStep({ service: { host }, facts }: Survey): DrainStep {
  const planned = facts.map(({ server }) => server.id);
  return {
    key: `proof:${host}`,
    step: 'proof',
    input: { host, planned },
    stage: 'proof',
    label: `prove that ${host} is empty`,
  };
}

function serverRow(facts: ServerFacts, { around }: Survey): Row {
  const { server } = facts;
  const judged = judge(facts, around);
  const label = `${server.name}${ramOf(server) === 0 ? '' : ` (${size(ramOf(server))})`}`;
  return {
    key: `move:${server.id}`,
    ...rowOf(judged),
    label,
    ram: ramOf(server),
    step: stepOf(server, judged, around),
  };
}

function rowOf({ verdict, weight, why }: Judged): Pick<PlanRow, 'verdict' | 'weight' | 'why'> {
  return { verdict, weight, why };
}

function stepOf({ id, name }: Server, { verdict, how }: Judged, { host, block }: Survey['around']): DrainStep | null {
  if (verdict === 'ask') {
    const input = { server: id, from: host, block };
    return { key: `move:${id}`, step: 'resized', input, stage: 'move', label: `ask about the resize of ${name}` };
  }
  if (how === null) return null;
  const input = { server: id, from: host, how, block };
  const label = verdict === 'wait' ? `wait for ${name}, then move it` : `move ${name} ${how}`;
  return { key: `move:${id}`, step: 'move', input, stage: 'move', label };
}

/** On their way here since before the host is closed: waited for, then moved on. */
function arrivals({ incoming, around: { host, block } }: Survey): Row[] {
  return incoming.map(({ migration, server }): Row => {
    const name = server?.name ?? migration.server;
    const input = { server: migration.server, from: host, how: server?.status === 'SHUTOFF' ? 'cold' : 'live', block };
    const step: DrainStep = {
      key: `move:${migration.server}`,
      step: 'move',
      input,
      stage: 'move',
      label: `wait for ${name} to arrive, then move it`,
    };
    const why = `migration ${migration.id} (${migration.status}) brings it from ${migration.source ?? 'another host'}`;
    return {
      key: `move:${migration.server}`,
      verdict: 'wait',
      weight: 2,
      label: name,
      why,
      ram: server === null ? 0 : ramOf(server),
      step,
    };
  });
}

/** Gone by a resize or cold migration that nobody confirmed: the old disks still lie here. */
function leftBehind({ unconfirmed, around: { host, block } }: Survey): Row[] {
  return unconfirmed.map(({ migration, server }): Row => {
    const name = server?.name ?? migration.server;
    const input = { server: migration.server, from: host, block };
    const step: DrainStep = {
      key: `move:${migration.server}`,
      step: 'resized',
      input,
      stage: 'move',
      label: `ask about the resize of ${name}`,
    };
    const why = `moved to ${migration.destination ?? 'another host'} by another hand, not confirmed: its old disk is on ${host}`;
    return { key: `move:${migration.server}`, verdict: 'ask', weight: 5, label: name, why, ram: 0, step };
  });
}

function hostRow({ service, lease }: Survey, { text, adopt }: DrainWish): PlanRow {
  const key = `host:${service.host}`;
  const foreign = service.status === 'disabled' && !isOurs(service, lease);
  if (foreign && !adopt) {
    const again = service.disabledReason?.startsWith('AUTO:')
      ? ': nova-compute may enable itself again; --adopt keeps it disabled'
      : '';
    return {
      key,
      verdict: 'keep',
      weight: 1,
      label: service.host,
      why: `${stateOf(service)}, by another hand: left as it is${again}`,
    };
  }
  const took = foreign
    ? `takes over what another hand disabled (${service.disabledReason ?? 'no reason'})`
    : `disabled with reason "${text}"`;
  return { key, verdict: 'disable', weight: 1, label: service.host, why: took };
}

function fieldsOf(found: Survey, { until }: DrainWish, rows: readonly Row[]): [string, string][] {
  const host = found.service.host;
  const moving = rows.filter(({ step }) => step !== null);
  const ram = moving.reduce((sum, row) => sum + row.ram, 0);
  return [
    ['host', `${host}, ${stateOf(found.service)}${found.service.zone === null ? '' : `, zone ${found.service.zone}`}`],
    ['to move', `${count(moving.length, 'server')}, ${size(ram)} of memory`],
    ['to where', `${count(found.around.others.length, 'other host')} up and enabled; Nova chooses`],
    [
      'afterwards',
      `${host} stays disabled until \`maintenance ${host} off\`${until === null ? '' : `; end: ${moment(until)} (told then, not undone)`}`,
    ],
  ];
}

function tally(rows: readonly Row[]): string {
  if (rows.length === 0) return 'it has no servers';
  const verdicts = ['live', 'cold', 'wait', 'ask', 'skip', 'blocked'];
  return verdicts
    .map((verdict) => ({ verdict, number: rows.filter((row) => row.verdict === verdict).length }))
    .filter(({ number }) => number > 0)
    .map(({ verdict, number }) => `${number} ${verdict}`)
    .join(', ');
}

function claimed(rows: readonly Row[], cloud: string): string[] {
  return rows.filter(({ step }) => step !== null).map(({ key }) => key.replace('move:', `server:${cloud}/`));
}

function ramOf({ flavor: { ramMb } }: Server): number {
  return ramMb ?? 0;
}
