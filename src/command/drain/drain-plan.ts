import { text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { PastDrain, PastMove } from '../history.ts';
import type { Plan, PlanDraft, PlanRow } from '../plan.ts';
import type { CordonInput } from './cordon.ts';
import { drainFields, warnings } from './drain-fields.ts';
import {
  arrivals,
  type DrainStep,
  type DrainWish,
  hostRow,
  leftBehind,
  type Order,
  type Row,
  serverRow,
} from './drain-rows.ts';
import { guarded } from './guards.ts';
import { hookSteps, startStops } from './hook.ts';
import type { ServerFacts } from './judge.ts';
import { predict } from './predict.ts';
import { type Reckoning, reckon } from './reckon.ts';
import { sparesOf } from './spare.ts';
import type { Survey } from './survey.ts';

/** So many are tried before one has left; if all of them fail the others are not tried without asking. */
export const canaries = 4;

/** The plan of a drain from what was found: pure, one row per server, smallest first where nothing else was said. */
export function drainPlan(
  found: Survey,
  wish: DrainWish,
  past: readonly PastDrain[],
): PlanDraft & { steps: DrainStep[] } {
  const host = found.service.host;
  const here = found.facts.map((facts) => serverRow(facts, found.around, wish));
  const judged = [...here, ...arrivals(found, wish), ...leftBehind(found)];
  const rows = judged.toSorted(comparing(wish.order));
  const steps = rows.flatMap(({ step }) => step ?? []);
  const movable = rows.flatMap(({ facts, verdict }) => (facts !== undefined && isMove(verdict) ? [facts] : []));
  const prediction = predict(movable.map(pastLike), past);
  const reckoning = reckon(movable, found.rooms, found.around);
  if (steps.length > 0 && found.around.others.length === 0) {
    throw new UserError(
      `no other compute host of ${wish.cloud} is up and enabled: nothing could leave ${host}; hosts lists them`,
    );
  }
  // What finds no room on a host that is being emptied stays there, which `meanwhile` says: it takes nobody else's.
  const spares = sparesOf(found.service, { ...found, ...found.around }, reckoning);
  const guard = guarded(found, wish, spares.all);
  const { text: why, until } = wish;
  return {
    title: `drain ${host}: ${tally(rows)}`,
    blocks: [
      { kind: 'fields', fields: drainFields(found, { rows, why, until, prediction, spares }) },
      ...[...warnings(reckoning, spares.all), ...guard.words].map(text),
    ],
    rows: [hostRow(found, wish), ...rows.map((row) => shownRow(row, reckoning))],
    ...staged(found, wish, rows),
    claims: [`host:${wish.cloud}/${host}`, ...claimed(rows, wish.cloud)],
    ...(guard.closing === null ? {} : { closing: guard.closing }),
    size: Math.max(1, steps.length),
    votes: guard.votes,
    spare: spares.state,
    ...(prediction?.whole === true && { predicted: prediction.seconds }),
  };
}

function pastLike({ server: { status, flavor } }: ServerFacts): Pick<PastMove, 'how' | 'ramMb'> {
  return { how: status === 'SHUTOFF' ? 'cold' : 'live', ramMb: flavor.ramMb ?? 0 };
}

function isMove(verdict: string): boolean {
  return verdict === 'live' || verdict === 'cold' || verdict === 'wait';
}

function shownRow({ step: _, facts, ram: __, why, ...row }: Row, { notes }: Reckoning): PlanRow {
  const note = facts === undefined ? undefined : notes.get(facts.server.id);
  return { ...row, why: [why, note ?? ''].filter((part) => part !== '').join('; ') };
}

function staged(found: Survey, wish: DrainWish, rows: readonly Row[]): { stages: Plan['stages']; steps: DrainStep[] } {
  const host = found.service.host;
  const hooks = (at: 'start' | 'empty') => hookSteps(wish.hooks, wish.hookNames, { host, at, reason: wish.text });
  const movable = rows.flatMap(({ step }) => step ?? []);
  const first = rows
    .filter(({ verdict }) => verdict === 'live')
    .slice(0, canaries)
    .flatMap(({ step }) => step ?? []);
  const gated = first.length === canaries && movable.length > canaries;
  const alone = new Set((gated ? first : first.slice(0, 1)).map(({ key }) => key));
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
      stage('start', 1, startStops(wish.hooks, wish.hookNames) ? 'stop' : 'continue'),
      stage('cordon', 1, 'stop'),
      { ...stage('canary', Math.min(canaries, wish.lanes), 'continue'), until: 'one' },
      { ...stage('gate', Math.min(canaries, wish.lanes), 'stop'), until: 'one' },
      stage('move', wish.lanes, 'continue'),
      stage('newcomers', 1, 'continue'),
      { ...stage('proof', 1, 'continue'), always: true },
      { ...stage('empty', 1, 'continue'), always: true },
    ],
    steps: [
      ...hooks('start'),
      cordonStep(found, wish),
      ...moves,
      ...(gated ? [gate] : []),
      newcomersStep(found, wish, movable),
      proofStep(found),
      ...hooks('empty'),
    ],
  };
}

/** What must wait comes last, so that it holds no lane others could use; questions come first, people are slow. */
function rank({ verdict }: PlanRow): number {
  return ['ask', 'live', 'cold', 'wait'].indexOf(verdict);
}

function comparing(order: Order): (a: Row, b: Row) => number {
  const sign = { smallest: 1, largest: -1, name: 0 }[order];
  const names = (a: Row, b: Row) => (order === 'name' ? a.label.localeCompare(b.label, 'en', { numeric: true }) : 0);
  return (a, b) => rank(a) - rank(b) || sign * (a.ram - b.ram) || names(a, b) || (a.key < b.key ? -1 : 1);
}

function stage(name: string, lanes: number, onFailure: 'stop' | 'continue'): Plan['stages'][number] {
  return { name, lanes, onFailure, always: false, until: 'all' };
}

function cordonStep({ service: { host } }: Survey, { text, until, adopt, hookNames }: DrainWish): DrainStep {
  const input: CordonInput = {
    host,
    kind: 'drain',
    text,
    until: until?.toISOString() ?? null,
    adopt,
    hooks: [...hookNames],
  };
  return { key: `cordon:${host}`, step: 'cordon', input, stage: 'cordon', label: `stop scheduling to ${host}` };
}

function newcomersStep(
  { service: { host }, facts, arriving, around: { block } }: Survey,
  { ignoreWishes }: DrainWish,
  moves: readonly DrainStep[],
): DrainStep {
  const planned = [
    ...[...facts, ...arriving].map(({ server }) => server.id),
    ...moves.map(({ key }) => key.replace('move:', '')),
  ];
  return {
    key: `newcomers:${host}`,
    step: 'newcomers',
    input: { host, planned: [...new Set(planned)], block, heed: ignoreWishes === null },
    stage: 'newcomers',
    label: `look who came to ${host} meanwhile`,
  };
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
