import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CampaignBounds, frameOf } from '../../src/command/campaign/bounds.ts';
import { type Campaign, heldBack, inWork, nextMove, type Turn } from '../../src/jobs/campaign.ts';
import { waitsFor } from '../../src/jobs/campaign-words.ts';
import type { JobState } from '../../src/jobs/job.ts';

const minute = 60_000;
const night = new Date('2026-12-01T22:00:00Z').getTime();

/** A campaign in rows, the cloud beside it, and everybody who may do something to either. */
interface World {
  campaign: Campaign;
  now: number;
  jobs: number;
  /** How often each host was begun, and how often a person had it begun again. */
  readonly begun: Map<string, number>;
  readonly retried: Map<string, number>;
}

const shape = fc.integer({ min: 2, max: 7 }).chain((hosts) =>
  fc.record({
    hosts: fc.constant(Array.from({ length: hosts }, (_, at) => `cmp${at + 1}`)),
    maxUnavailable: fc.integer({ min: 1, max: hosts - 1 }),
    canary: fc.integer({ min: 0, max: hosts }),
    window: fc.constantFrom(null, '22:00-04:00 UTC'),
    work: fc.constantFrom(null, 'reboot'),
    until: fc.constantFrom(null, new Date(night + 20 * 86_400_000).toISOString()),
  }),
);
const event = fc.record({
  kind: fc.constantFrom('job', 'job', 'job', 'person', 'person', 'time', 'hand', 'freeze', 'pause', 'resume', 'stop'),
  pick: fc.nat(1000),
  how: fc.nat(1000),
});

function worldOf(
  wish: Pick<CampaignBounds, 'maxUnavailable' | 'canary' | 'window' | 'work' | 'until'> & { hosts: string[] },
): World {
  const bounds = CampaignBounds.parse({
    ...frameOf('c', wish.hosts),
    ...wish,
    cloud: 'c',
    servers: 10,
    reason: 'kernel',
    hooks: [],
  });
  const turns = wish.hosts.map((host): Turn => ({ host, state: 'waiting', job: null, closed: null }));
  const campaign: Campaign = { state: 'running', bounds, turns, frozen: null, now: new Date(night) };
  return { campaign, now: night, jobs: 0, begun: new Map(), retried: new Map() };
}

function put(world: World, host: string, change: Partial<Turn>): void {
  const turns = world.campaign.turns.map((turn) => (turn.host === host ? { ...turn, ...change } : turn));
  world.campaign = { ...world.campaign, turns };
}

/** What the bot does, and what must be true whenever it does it. */
function look(world: World): void {
  for (let moves = 0; ; moves += 1) {
    expect(moves).toBeLessThan(50);
    world.campaign = { ...world.campaign, now: new Date(world.now) };
    const move = nextMove(world.campaign);
    if (move === null) return;
    const { campaign } = world;
    switch (move.kind) {
      case 'follow':
        put(world, move.turn.host, { job: { id: move.job, state: 'awaiting', successor: null, told: '' } });
        break;
      case 'turn':
        put(world, move.turn.host, { state: move.to });
        if (move.pause !== null) world.campaign = { ...world.campaign, state: 'paused' };
        break;
      case 'begin':
        mayBegin(campaign, move.turn);
        add(world.begun, move.turn.host);
        put(world, move.turn.host, { state: 'draining', job: job(world) });
        break;
      case 'open':
        put(world, move.turn.host, { state: 'opening', job: job(world) });
        break;
      case 'pause':
        world.campaign = { ...campaign, state: 'paused' };
        break;
      case 'end':
        expect(campaign.turns.every(({ state }) => state === 'done' || state === 'aside')).toBe(true);
        world.campaign = { ...campaign, state: 'done' };
    }
  }
}

function mayBegin({ state, bounds, turns, frozen, now }: Campaign, turn: Turn): void {
  expect(state).toBe('running');
  expect(frozen).toBeNull();
  expect(turn.state).toBe('waiting');
  const inService = ({ state: at, closed }: Turn) =>
    closed === null && !['draining', 'working', 'opening'].includes(at);
  const out = turns.filter((one) => one.host !== turn.host && !inService(one));
  expect(out.length).toBeLessThan(bounds.maxUnavailable);
  expect(out.filter((one) => one.state === 'draining')).toEqual([]);
  if (turns.filter((one) => one.state === 'done').length < bounds.canary) expect(out).toEqual([]);
  if (bounds.window !== null) expect(now.getUTCHours() >= 22 || now.getUTCHours() < 4).toBe(true);
  if (bounds.until !== null) expect(now.getTime()).toBeLessThanOrEqual(new Date(bounds.until).getTime());
}

function job(world: World): Turn['job'] {
  world.jobs += 1;
  return { id: `j${world.jobs}`, state: 'queued', successor: null, told: 'queued' };
}

function add(counts: Map<string, number>, host: string): void {
  counts.set(host, (counts.get(host) ?? 0) + 1);
}

const ends: readonly JobState[] = ['done', 'done', 'done', 'partial', 'failed', 'cancelled', 'expired', 'stale'];

function happen(world: World, { kind, pick, how }: { kind: string; pick: number; how: number }): void {
  const { campaign } = world;
  const one = (wanted: (turn: Turn) => boolean): Turn | undefined => {
    const among = campaign.turns.filter(wanted);
    return among[pick % Math.max(1, among.length)];
  };
  const frozen = campaign.frozen === null ? 'frozen by bob' : null;
  if (kind === 'job') endJob(world, one(hasJob), ends[how % ends.length] ?? 'done');
  if (kind === 'person')
    speak(
      world,
      one(({ state }) => state === 'working'),
      how,
    );
  if (kind === 'time') world.now += (how % 600) * minute;
  if (kind === 'hand')
    meddle(
      world,
      one(({ closed }) => closed !== 'ours'),
    );
  if (kind === 'freeze') world.campaign = { ...campaign, frozen };
  if (kind === 'pause' && campaign.state === 'running') world.campaign = { ...campaign, state: 'paused' };
  if (kind === 'resume' && campaign.state === 'paused') resume(world, how % 2 === 0);
  if (kind === 'stop' && how % 20 === 0 && campaign.state !== 'done')
    world.campaign = { ...campaign, state: 'stopped' };
}

function hasJob({ state, job }: Turn): boolean {
  return (state === 'draining' || state === 'opening') && job !== null;
}

/** A drain that came far enough leaves its host closed; an end of maintenance that came far enough, open. */
function endJob(world: World, turn: Turn | undefined, state: JobState): void {
  if (turn?.job == null) return;
  const ended = { ...turn.job, state, successor: state === 'stale' ? `${turn.job.id}s` : null, told: state };
  const far = state === 'done' || state === 'partial';
  const closed = turn.state === 'draining' ? (far ? 'ours' : turn.closed) : far ? null : turn.closed;
  put(world, turn.host, { job: ended, closed });
}

function speak(world: World, turn: Turn | undefined, how: number): void {
  if (turn === undefined) return;
  if (how % 2 === 0) put(world, turn.host, { closed: null });
  else put(world, turn.host, { state: 'opening', job: null });
}

function meddle(world: World, turn: Turn | undefined): void {
  if (turn !== undefined) put(world, turn.host, { closed: turn.closed === null ? 'another' : null });
}

function resume(world: World, aside: boolean): void {
  for (const { host, state } of world.campaign.turns.filter(({ state: one }) => one === 'failed')) {
    if (!aside && state === 'failed') add(world.retried, host);
    put(world, host, { state: aside ? 'aside' : 'waiting' });
  }
  world.campaign = { ...world.campaign, state: 'running' };
}

test('never more out of service than may be, no host twice, the canary first; and it always waits for somebody', () => {
  fc.assert(
    fc.property(shape, fc.array(event, { maxLength: 60 }), (wish, events) => {
      const world = worldOf(wish);
      look(world);
      for (const one of events) {
        happen(world, one);
        look(world);
        const { campaign } = world;
        if (campaign.state === 'running' || campaign.state === 'paused') expect(waitsFor(campaign)).not.toBe('');
        for (const [host, times] of world.begun) expect(times).toBeLessThanOrEqual(1 + (world.retried.get(host) ?? 0));
      }
    }),
    { numRuns: 300 },
  );
});

test('where everybody does their part it ends, with every host done or left aside', () => {
  fc.assert(
    fc.property(shape, fc.array(event, { maxLength: 40 }), (wish, events) => {
      const world = worldOf({ ...wish, until: null });
      for (const one of events) {
        happen(world, one.kind === 'stop' ? { ...one, how: 1 } : one);
        look(world);
      }
      for (let days = 0; days < 200 && world.campaign.state !== 'done'; days += 1) helpOn(world);
      expect(world.campaign.state).toBe('done');
    }),
    { numRuns: 200 },
  );
});

/** Jobs succeed, people answer, the night comes. */
function helpOn(world: World): void {
  world.campaign = { ...world.campaign, frozen: null };
  if (world.campaign.state === 'paused') resume(world, true);
  for (const turn of world.campaign.turns) {
    if (hasJob(turn)) endJob(world, turn, 'done');
    if (turn.state === 'working') speak(world, turn, 0);
    if (turn.closed === 'another') put(world, turn.host, { closed: null });
    if ((turn.state === 'aside' || turn.state === 'done') && turn.closed !== null)
      put(world, turn.host, { closed: null });
  }
  world.now += 180 * minute;
  look(world);
}

test('a window that closes in mid-host: what runs goes on to its end, and no next one begins', () => {
  const world = worldOf({
    hosts: ['cmp1', 'cmp2'],
    maxUnavailable: 1,
    canary: 0,
    window: '22:00-04:00 UTC',
    work: null,
    until: null,
  });
  look(world);
  world.now = new Date('2026-12-02T04:01:00Z').getTime();
  endJob(world, world.campaign.turns[0], 'done');
  look(world);
  expect(world.campaign.turns.map(({ state }) => state)).toEqual(['working', 'waiting']);
  put(world, 'cmp1', { closed: null });
  look(world);
  expect(world.campaign.turns.map(({ state }) => state)).toEqual(['done', 'waiting']);
  expect(waitsFor(world.campaign)).toBe('next: cmp2 at 22:00 UTC');
  world.now = new Date('2026-12-02T22:00:00Z').getTime();
  look(world);
  expect(world.campaign.turns.map(({ state }) => inWork(state))).toEqual([false, true]);
});

test('where several may be out at once they are emptied one after the other', () => {
  const world = worldOf({
    hosts: ['cmp1', 'cmp2', 'cmp3'],
    maxUnavailable: 2,
    canary: 0,
    window: null,
    work: null,
    until: null,
  });
  look(world);
  expect(world.campaign.turns.map(({ state }) => state)).toEqual(['draining', 'waiting', 'waiting']);
  expect(waitsFor(world.campaign)).toBe('next: cmp2 once cmp1 is empty');
  endJob(world, world.campaign.turns[0], 'done');
  look(world);
  expect(world.campaign.turns.map(({ state }) => state)).toEqual(['working', 'draining', 'waiting']);
});

test('a plan that became harsher asks anew, and it is that one the campaign waits for', () => {
  const world = worldOf({
    hosts: ['cmp1', 'cmp2'],
    maxUnavailable: 1,
    canary: 1,
    window: null,
    work: null,
    until: null,
  });
  look(world);
  endJob(world, world.campaign.turns[0], 'stale');
  look(world);
  expect(world.campaign.state).toBe('running');
  expect(world.campaign.turns[0]).toMatchObject({ state: 'draining', job: { id: 'j1s', state: 'awaiting' } });
});

test('what the worker holds the bot to is what the bot begins by', () => {
  fc.assert(
    fc.property(shape, fc.array(event, { maxLength: 30 }), (wish, events) => {
      const world = worldOf(wish);
      for (const one of events) {
        happen(world, one);
        world.campaign = { ...world.campaign, now: new Date(world.now) };
        const move = nextMove(world.campaign);
        if (move?.kind === 'begin') expect(heldBack(world.campaign, move.turn)).toBeNull();
        look(world);
      }
    }),
  );
});
