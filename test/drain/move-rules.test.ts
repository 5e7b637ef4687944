import { expect, test } from 'vitest';
import type { MoveIntent } from '../../src/command/drain/move-intent.ts';
import { nextAct } from '../../src/command/drain/move-rules.ts';
import type { MoveView } from '../../src/command/drain/move-view.ts';
import type { InstanceAction } from '../../src/openstack/cloud.ts';
import { aMigration, aServer, cmp1, cmp2, serverId } from './things.ts';

const second = 1000;

function at(ms: number): Date {
  return new Date(ms);
}

function aView(changes: Partial<MoveView> = {}): MoveView {
  return {
    input: { server: serverId, from: cmp1, how: 'live', block: 'auto' },
    intent: null,
    server: aServer(),
    migrations: [],
    actions: [],
    self: 'us',
    staysPut: null,
    now: at(60 * second),
    still: 0,
    busy: 0,
    serverDeadline: 600 * second,
    totalEnd: at(3600 * second),
    abortNow: false,
    shrankAt: null,
    stuck: false,
    alone: 0,
    said: null,
    ...changes,
  };
}

function anIntent(changes: Partial<MoveIntent> = {}): MoveIntent {
  return {
    how: 'live',
    seen: { migration: 3, action: 'req-old', status: 'ACTIVE' },
    asked: { at: at(55 * second), tries: 1, refused: null },
    request: 'req-ours',
    migration: null,
    runningSince: null,
    confirm: null,
    abort: null,
    force: null,
    avoid: null,
    lanes: null,
    ...changes,
  };
}

function anAction(requestId: string, user: string, action = 'migrate'): InstanceAction {
  return { action, requestId, user, startedAt: null, message: null, events: [] };
}

const coldInput = { server: serverId, from: cmp1, how: 'cold', block: 'auto' } as const;
const coldIntent = anIntent({ how: 'cold', seen: { migration: 3, action: 'req-old', status: 'SHUTOFF' } });
const moving = aServer({ status: 'MIGRATING', taskState: 'migrating' });

function ending(view: MoveView): string {
  const act = nextAct(view);
  if (act.act !== 'end') return act.act;
  return `${act.outcome.state}${'note' in act.outcome ? `: ${act.outcome.note}` : ''}`;
}

test('a running guest moves live and a stopped one cold, whichever was planned', () => {
  expect(nextAct(aView({ input: coldInput }))).toMatchObject({ act: 'live' });
  expect(nextAct(aView({ input: coldInput, server: aServer({ status: 'SHUTOFF' }) }))).toMatchObject({ act: 'cold' });
  expect(nextAct(aView({ server: aServer({ status: 'SHUTOFF' }) }))).toMatchObject({ act: 'cold' });
});

test('what became impossible or needless since the plan ends so', () => {
  expect(ending(aView({ server: null }))).toBe('gone: was deleted meanwhile');
  expect(ending(aView({ server: aServer({ host: cmp2 }) }))).toMatch(/^gone: is on cmp2 already/);
  expect(ending(aView({ server: aServer({ status: 'ERROR' }) }))).toMatch(/^blocked: ERROR/);
  expect(ending(aView({ staysPut: 'protected by bob, stays on its host' }))).toBe(
    'blocked: protected by bob, stays on its host',
  );
  expect(ending(aView({ server: aServer({ host: cmp2 }), migrations: [aMigration({ status: 'finished' })] }))).toMatch(
    /^blocked: is on cmp2 by another hand, not confirmed/,
  );
});

test('a busy server is waited for, and not for ever', () => {
  const busy = aServer({ status: 'REBOOT', taskState: 'rebooting' });
  expect(nextAct(aView({ server: busy }))).toMatchObject({ act: 'wait' });
  expect(ending(aView({ server: busy, busy: 601 * second }))).toBe('blocked: still REBOOT (rebooting) after 10 min');
  const late = { now: at(3600 * second), totalEnd: at(3600 * second) };
  expect(ending(aView({ server: busy, ...late }))).toBe(
    "blocked: still REBOOT (rebooting) when the drain's time was over",
  );
});

test('an older migration proves nothing; the accepted request is waited for and never repeated', () => {
  const old = aMigration({ id: 3, status: 'completed' });
  const view = aView({ intent: anIntent(), migrations: [old], now: at(100 * second) });
  expect(nextAct(view)).toMatchObject({ act: 'wait' });
  expect(ending({ ...view, still: 61 * second })).toMatch(
    /^unproven: accepted \(req-ours\), but Nova shows no migration/,
  );
});

test('a request whose answer was lost is repeated only after ten seconds without a trace', () => {
  const lost = anIntent({ request: null });
  expect(nextAct(aView({ intent: lost }))).toMatchObject({ act: 'wait' });
  expect(nextAct(aView({ intent: lost, now: at(66 * second) }))).toMatchObject({ act: 'live', tries: 2 });
  const trace = [anAction('req-new', 'us', 'live-migration'), anAction('req-old', 'us')];
  expect(nextAct(aView({ intent: lost, actions: trace, now: at(66 * second) }))).toMatchObject({ act: 'wait' });
  expect(nextAct(aView({ intent: lost, server: moving, now: at(66 * second) }))).toMatchObject({ act: 'wait' });
});

test('completed, moved and idle is done; each of the three alone is not', () => {
  const intent = anIntent();
  const done = aMigration({ id: 4, status: 'completed' });
  const there = aServer({ host: cmp2 });
  expect(ending(aView({ intent, server: there, migrations: [done] }))).toBe('done: live to cmp2');
  expect(ending(aView({ intent, server: aServer(), migrations: [done] }))).toBe('wait');
  expect(ending(aView({ intent, server: aServer({ host: cmp2, taskState: 'migrating' }), migrations: [done] }))).toBe(
    'wait',
  );
  expect(ending(aView({ intent, server: there, migrations: [aMigration({ id: 4 })] }))).toBe('wait');
  expect(ending(aView({ intent, server: aServer(), migrations: [done], still: 61 * second }))).toMatch(/^unproven/);
  expect(ending(aView({ intent, server: aServer({ host: cmp2, status: 'ERROR' }), migrations: [done] }))).toMatch(
    /^failed/,
  );
});

test('only the migration of our own request is confirmed', () => {
  const server = aServer({ host: cmp2, status: 'VERIFY_RESIZE' });
  const finished = aMigration({ id: 4, type: 'migration', status: 'finished' });
  const view = aView({ input: coldInput, server, migrations: [finished] });
  expect(nextAct({ ...view, intent: coldIntent })).toMatchObject({ act: 'confirm', migration: 4 });
  const lost = { ...coldIntent, request: null, asked: { ...coldIntent.asked, at: at(0) } };
  const theirs = [anAction('req-theirs', 'them'), anAction('req-old', 'us')];
  expect(ending({ ...view, intent: lost, actions: theirs })).toMatch(
    /^blocked: is on cmp2 by another hand, not confirmed/,
  );
  const ours = [anAction('req-new', 'us'), anAction('req-old', 'us')];
  expect(nextAct({ ...view, intent: lost, actions: ours })).toMatchObject({ act: 'confirm', migration: 4 });
});

test('a confirm that was just sent is not sent again', () => {
  const server = aServer({ host: cmp2, status: 'VERIFY_RESIZE' });
  const confirm = { at: at(58 * second), tries: 1, refused: null };
  const view = aView({
    input: coldInput,
    intent: { ...coldIntent, migration: 4, confirm },
    server,
    migrations: [aMigration({ id: 4, type: 'migration', status: 'finished' })],
  });
  expect(nextAct(view)).toMatchObject({ act: 'wait' });
  expect(nextAct({ ...view, now: at(70 * second) })).toMatchObject({ act: 'confirm', tries: 2 });
});

test('the deadline counts from the copy, not from the queue; then it is aborted, and what will not end is told', () => {
  const queued = aMigration({ id: 4, status: 'queued' });
  const late = at(2000 * second);
  expect(nextAct(aView({ intent: anIntent(), server: moving, migrations: [queued], now: late }))).toMatchObject({
    act: 'wait',
  });
  const running = anIntent({ migration: 4, runningSince: at(100 * second) });
  const view = aView({ intent: running, server: moving, migrations: [aMigration({ id: 4 })], now: late });
  expect(nextAct(view)).toMatchObject({ act: 'abort', migration: 4, tries: 1 });
  const abort = { at: at(1900 * second), tries: 3, refused: '409', why: 'aborted after 10 min, its deadline' };
  expect(ending({ ...view, intent: { ...running, abort } })).toMatch(
    /^unproven: aborted .*did not work \(409\).*keeps its place/,
  );
});

test('the deadline counts from when the copy last got smaller: what comes on is never aborted', () => {
  const intent = anIntent({ migration: 4, runningSince: at(100 * second) });
  const view = aView({ intent, server: moving, migrations: [aMigration({ id: 4 })], now: at(2000 * second) });
  expect(nextAct({ ...view, shrankAt: at(1990 * second) })).toMatchObject({ act: 'wait' });
  expect(nextAct({ ...view, shrankAt: at(1399 * second) })).toMatchObject({ act: 'abort' });
  expect(nextAct({ ...view, shrankAt: at(1990 * second), stuck: true })).toMatchObject({
    act: 'inquire',
    question: { deadline: at(2590 * second) },
  });
  // The drain's own time ends it in any case.
  expect(nextAct({ ...view, shrankAt: at(3599 * second), now: at(3600 * second) })).toMatchObject({ act: 'abort' });
});

test('a forced copy has its whole deadline from then on; one that Nova would not force has the old one', () => {
  const force = { at: at(650 * second), tries: 1, refused: null };
  const intent = anIntent({ migration: 4, runningSince: at(100 * second), force });
  const view = aView({ intent, server: moving, migrations: [aMigration({ id: 4 })], now: at(1200 * second) });
  expect(nextAct({ ...view, shrankAt: at(150 * second) })).toMatchObject({ act: 'wait' });
  const refused = { ...intent, force: { ...force, refused: '409' } };
  expect(nextAct({ ...view, intent: refused, shrankAt: at(150 * second) })).toMatchObject({ act: 'abort' });
  expect(nextAct({ ...view, now: at(1251 * second) })).toMatchObject({
    act: 'abort',
    why: expect.stringContaining('its forced copy did not end'),
  });
});

test('after the switch to post-copy nothing is aborted: it is waited for, and given up with the time of the drain', () => {
  const abort = { at: at(1900 * second), tries: 1, refused: null, why: 'aborted: bob said so' };
  const intent = anIntent({ migration: 4, runningSince: at(100 * second) });
  const migrations = [aMigration({ id: 4, status: 'running (post-copy)' })];
  const view = aView({ intent, server: moving, migrations, now: at(2000 * second) });
  expect(nextAct(view)).toMatchObject({ act: 'wait', note: 'running (post-copy)' });
  expect(nextAct({ ...view, intent: { ...intent, abort } })).toMatchObject({ act: 'wait' });
  expect(nextAct({ ...view, abortNow: true })).toMatchObject({
    act: 'wait',
    note: expect.stringContaining('runs on the other host'),
  });
  expect(ending({ ...view, now: at(3600 * second) })).toMatch(
    /^unproven: cannot be aborted: the drain's time was over/,
  );
});

test('what waits in the queue behind nothing of ours is asked about after its deadline', () => {
  const queued = aMigration({ id: 4, status: 'queued' });
  const view = aView({
    intent: anIntent({ migration: 4 }),
    server: moving,
    migrations: [queued],
    now: at(3000 * second),
  });
  expect(nextAct({ ...view, alone: 600 * second })).toMatchObject({ act: 'wait' });
  expect(nextAct({ ...view, alone: 601 * second })).toMatchObject({ act: 'inquire', question: { fallback: 'leave' } });
  // Asked again in other words it would be another question, and an answer to the first be lost.
  expect(nextAct({ ...view, alone: 900 * second })).toEqual(nextAct({ ...view, alone: 601 * second }));
  const told = (choice: string) => nextAct({ ...view, alone: 601 * second, said: { choice, by: 'bob' } });
  expect(told('leave')).toMatchObject({ act: 'wait' });
  expect(told('abort')).toMatchObject({ act: 'abort', why: 'aborted: bob said so' });
});

const coldMoving = {
  input: coldInput,
  intent: { ...coldIntent, migration: 4, runningSince: at(0) },
  server: aServer({ status: 'RESIZE', taskState: 'resize_migrating' }),
  migrations: [aMigration({ id: 4, type: 'migration', status: 'migrating' })],
};

test('a cold move cannot be aborted: told to stop and past its deadline it is waited for, and confirmed', () => {
  const late = aView({ ...coldMoving, now: at(2000 * second), abortNow: true });
  expect(nextAct(late)).toMatchObject({
    act: 'wait',
    note: 'migrating; a cold move cannot be aborted: waiting to confirm it',
  });
  const server = aServer({ host: cmp2, status: 'VERIFY_RESIZE' });
  const finished = aMigration({ id: 4, type: 'migration', status: 'finished' });
  expect(nextAct({ ...late, server, migrations: [finished] })).toMatchObject({ act: 'confirm', migration: 4 });
});

test('a cold move is given up when the time of the drain is over or its host is down, and that is told', () => {
  expect(ending(aView({ ...coldMoving, now: at(3600 * second) }))).toBe(
    "unproven: cannot be aborted: the drain's time was over; still resize_migrating, migration 4 migrating: once it is VERIFY_RESIZE it waits to be confirmed",
  );
  const server = { ...coldMoving.server, hostStatus: 'DOWN' };
  expect(ending(aView({ ...coldMoving, server, abortNow: true }))).toMatch(
    /^unproven: told to stop: cannot be aborted/,
  );
  expect(ending(aView({ ...coldMoving, server, now: at(2000 * second) }))).toMatch(
    /^unproven: cannot be aborted after/,
  );
});

test('a cell that does not answer is waited for and nothing is concluded from it', () => {
  const server = aServer({ status: 'UNKNOWN', host: null });
  expect(nextAct(aView({ server }))).toMatchObject({ act: 'wait' });
  expect(ending(aView({ server, now: at(3600 * second) }))).toMatch(/^unproven/);
});
