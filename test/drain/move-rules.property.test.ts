import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MoveIntent } from '../../src/command/drain/move-intent.ts';
import { nextAct } from '../../src/command/drain/move-rules.ts';
import { type MoveAct, ourMigration } from '../../src/command/drain/move-view.ts';
import { times } from '../setup/chance.ts';
import { type Nova, openNova } from './nova-model.ts';
import { cmp1, serverId } from './things.ts';

const minute = 60_000;

/** A worker that may die anywhere: what it knows after is only what it wrote down. */
interface Worker {
  intent: MoveIntent | null;
  now: number;
  still: number;
  print: string;
  /** A request that left but whose answer nobody heard; it arrives within ten seconds of its intent, or never. */
  late: { at: number; send: () => void } | null;
}

type Fate = 'fine' | 'dies before it leaves' | 'dies after' | 'arrives late' | 'is lost';
const fates: Fate[] = [
  'fine',
  'fine',
  'fine',
  'fine',
  'dies before it leaves',
  'dies after',
  'arrives late',
  'is lost',
];

const event = fc.record({
  kind: fc.constantFrom(
    'look',
    'look',
    'look',
    'look',
    'nova',
    'nova',
    'nova',
    'nova',
    'nova',
    'owner',
    'them',
    'time',
  ),
  fate: fc.constantFrom(...fates),
  choice: fc.nat(1000),
});

test.each(['live', 'cold'] as const)('approved %s: one server arrives at most once, and done means it did', (how) => {
  const status = how === 'live' ? fc.constantFrom('ACTIVE', 'PAUSED') : fc.constant('SHUTOFF');
  fc.assert(
    fc.property(status, fc.array(event, { maxLength: 150 }), (began, events) => {
      const nova = openNova(began as 'ACTIVE');
      const worker: Worker = { intent: null, now: 0, still: 0, print: '', late: null };
      const outcome = drive(nova, worker, how, events);
      const atEnd = { server: nova.server(), migrations: nova.migrations(), actions: nova.actions() };
      aftermath(nova, worker);
      expect(nova.arrivals()).toBeLessThanOrEqual(1);
      expect(nova.confirmedOthers()).toBe(0);
      if (outcome === null || outcome.act !== 'end' || outcome.outcome.state !== 'done') return;
      const ours = ourMigration({ ...atEnd, input: inputOf(how), intent: worker.intent, self: 'us' });
      expect(['completed', 'confirmed']).toContain(ours?.status);
      expect(atEnd.server?.host).not.toBe(cmp1);
      expect(atEnd.server?.taskState).toBeNull();
      expect(nova.arrivals()).toBe(1);
    }),
    { numRuns: times(1000) },
  );
});

test('whatever happens, a move ends: left alone it needs no more than its deadline', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const nova = openNova('ACTIVE');
      const worker: Worker = { intent: null, now: 0, still: 0, print: '', late: null };
      const early = drive(nova, worker, 'live', events);
      const calm = Array.from(
        { length: 300 },
        (_, at): Event => ({ kind: at % 2 === 0 ? 'time' : 'look', fate: 'fine', choice: 199 }),
      );
      const act = early ?? drive(nova, worker, 'live', calm);
      expect(act === null ? 'still going' : 'ended').toBe('ended');
    }),
    { numRuns: times(60) },
  );
});

interface Event {
  readonly kind: 'look' | 'nova' | 'owner' | 'them' | 'time';
  readonly fate: Fate;
  readonly choice: number;
}

function drive(nova: Nova, worker: Worker, how: 'live' | 'cold', events: readonly Event[]): MoveAct | null {
  for (const { kind, fate, choice } of events) {
    pass(worker, kind === 'time' ? (choice % 200) * 100 : choice % 1000);
    if (kind === 'nova') nova.advance(choice);
    if (kind === 'owner') nova.owner(choice % 30);
    if (kind === 'them' && choice % 3 === 0) nova.post(how, 'them');
    if (kind !== 'look') continue;
    const act = look(nova, worker, how);
    if (act.act === 'end' || act.act === 'explain') return act;
    perform(nova, worker, act, fate);
  }
  return null;
}

/** What was under way goes on after the worker let go of it. */
function aftermath(nova: Nova, worker: Worker): void {
  for (let round = 0; round < 20; round += 1) {
    pass(worker, 1000);
    nova.advance(1);
  }
}

function pass(worker: Worker, ms: number): void {
  worker.now += ms;
  worker.still += ms;
  if (worker.late === null || worker.now < worker.late.at) return;
  const { send } = worker.late;
  worker.late = null;
  send();
}

function inputOf(how: 'live' | 'cold') {
  return { server: serverId, from: cmp1, how, block: 'auto' as const };
}

function look(nova: Nova, worker: Worker, how: 'live' | 'cold'): MoveAct {
  const print = JSON.stringify([nova.server(), nova.migrations()]);
  if (print !== worker.print) Object.assign(worker, { print, still: 0 });
  return nextAct({
    input: inputOf(how),
    intent: worker.intent,
    server: nova.server(),
    migrations: nova.migrations(),
    actions: nova.actions(),
    self: 'us',
    staysPut: null,
    now: new Date(worker.now),
    still: worker.still,
    busy: worker.still,
    serverDeadline: 15 * minute,
    totalEnd: new Date(40 * minute),
    abortNow: false,
    shrankAt: null,
    stuck: false,
    alone: 0,
    said: null,
  });
}

/** What the step's runner does with an act, and what may become of the request. */
function perform(nova: Nova, worker: Worker, act: MoveAct, fate: Fate): void {
  if (act.act === 'wait') {
    if (act.intent !== undefined) worker.intent = act.intent;
    return;
  }
  if (act.act === 'live' || act.act === 'cold') {
    ask(nova, worker, { how: act.act, tries: act.tries }, fate);
    return;
  }
  if (worker.intent === null || (act.act !== 'confirm' && act.act !== 'abort')) return;
  const leaves = fate !== 'dies before it leaves' && fate !== 'is lost';
  const tried = { at: new Date(worker.now), tries: act.tries, refused: null };
  if (act.act === 'abort') {
    worker.intent = { ...worker.intent, migration: act.migration, abort: { ...tried, why: act.why } };
    if (leaves) nova.abort(act.migration);
    return;
  }
  worker.intent = { ...worker.intent, migration: act.migration, confirm: tried };
  if (leaves) nova.confirm();
}

function ask(nova: Nova, worker: Worker, { how, tries }: { how: 'live' | 'cold'; tries: number }, fate: Fate): void {
  const newest = Math.max(...nova.migrations().map(({ id }) => id));
  const intent: MoveIntent = {
    how,
    seen: { migration: newest, action: nova.actions()[0]?.requestId ?? null, status: nova.server()?.status ?? '' },
    asked: { at: new Date(worker.now), tries, refused: null },
    request: null,
    migration: null,
    runningSince: null,
    confirm: null,
    abort: null,
    force: null,
    avoid: null,
    lanes: null,
  };
  worker.intent = intent;
  if (fate === 'dies before it leaves' || fate === 'is lost') return;
  if (fate === 'arrives late') {
    worker.late = { at: worker.now + 9000, send: () => void nova.post(how, 'us') };
    return;
  }
  const request = nova.post(how, 'us');
  if (fate === 'dies after') return;
  worker.intent = request === null ? { ...intent, asked: { ...intent.asked, refused: '409' } } : { ...intent, request };
}
