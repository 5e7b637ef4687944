import { expect, test } from 'vitest';
import { judge, type ServerFacts, type Surroundings } from '../../src/command/drain/judge.ts';
import type { Server } from '../../src/openstack/cloud.ts';
import { aGroup, aServer, aService, cmp1, cmp2, serverId } from './things.ts';

function around(changes: Partial<Surroundings> = {}): Surroundings {
  return {
    host: cmp1,
    others: [aService({ host: cmp2 })],
    groups: [],
    memberHosts: new Map(),
    block: 'auto',
    ...changes,
  };
}

function facts(server: Partial<Server> = {}, changes: Partial<ServerFacts> = {}): ServerFacts {
  const room = {
    candidates: [cmp2],
    needs: { VCPU: 1 },
    hardware: { facts: [], refusal: null, cold: null, evacuation: null },
    wish: null,
  };
  return {
    server: aServer(server),
    owner: 'alpha',
    volumesGb: 0,
    protection: null,
    pinnedZone: null,
    holder: null,
    ours: null,
    ...room,
    ...changes,
  };
}

test.each([
  ['ACTIVE', null, 'live', 2],
  ['PAUSED', null, 'live', 2],
  ['SHUTOFF', null, 'cold', 2],
  ['REBOOT', 'rebooting', 'wait', 2],
  ['ACTIVE', 'powering-off', 'wait', 2],
  ['SHUTOFF', 'powering-on', 'wait', 2],
  ['BUILD', 'spawning', 'wait', 2],
  ['MIGRATING', 'migrating', 'wait', 2],
  ['RESIZE', 'resize_migrating', 'wait', 2],
  ['VERIFY_RESIZE', null, 'ask', 5],
  ['SOFT_DELETED', null, 'skip', 0],
  ['ERROR', null, 'blocked', 9],
  ['ERROR', 'migrating', 'blocked', 9],
  ['SUSPENDED', null, 'blocked', 9],
  ['RESCUE', null, 'blocked', 9],
  ['SHELVED', null, 'blocked', 9],
  ['SOMETHING_NEW', null, 'blocked', 9],
])('%s (%s): %s', (status, taskState, verdict, weight) => {
  expect(judge(facts({ status, taskState }), around())).toMatchObject({ verdict, weight });
});

test('an owner who stops or reboots a server between plan and approval voids nothing', () => {
  const live = judge(facts({ status: 'ACTIVE' }), around()).weight;
  for (const [status, taskState] of [
    ['SHUTOFF', null],
    ['REBOOT', 'rebooting'],
    ['ACTIVE', 'powering-off'],
  ] as const)
    expect(judge(facts({ status, taskState }), around()).weight).toBeLessThanOrEqual(live);
});

test('a block migration that was asked for is harsher than what Nova chooses', () => {
  expect(judge(facts(), around({ block: true })).weight).toBeGreaterThan(judge(facts(), around()).weight);
});

test('a lock is shown with its reason and stops nothing', () => {
  const judged = judge(facts({ locked: true, lockedReason: 'mine' }), around());
  expect(judged).toMatchObject({ verdict: 'live', why: 'locked: mine' });
});

test('a protected server moves, unless its protection says that it stays', () => {
  const words = 'protected by alice until 2026-12-01 (db)';
  const mild = { flag: true, lease: null, staysPut: false, words };
  expect(judge(facts({}, { protection: mild }), around())).toMatchObject({ verdict: 'live', why: words });
  const hard = judge(facts({}, { protection: { ...mild, staysPut: true } }), around());
  expect(hard).toMatchObject({ verdict: 'blocked', weight: 9 });
  expect(hard.why).toContain(words);
});

test('a pinned zone without another host blocks; an unknown one is said', () => {
  expect(judge(facts({}, { pinnedZone: 'rack7' }), around()).why).toContain(
    'pinned to zone rack7, where no other host',
  );
  expect(judge(facts({}, { pinnedZone: 'nova' }), around())).toMatchObject({
    verdict: 'live',
    why: 'pinned to zone nova',
  });
  expect(judge(facts({}, { pinnedZone: undefined }), around())).toMatchObject({
    verdict: 'live',
    why: 'pinned zone unknown',
  });
});

test('Placement without room on any open host blocks; Placement that cannot be asked is said', () => {
  expect(judge(facts({}, { candidates: [cmp1] }), around())).toMatchObject({ verdict: 'blocked' });
  expect(judge(facts({}, { candidates: [] }), around())).toMatchObject({ verdict: 'blocked' });
  expect(judge(facts({}, { candidates: null }), around())).toMatchObject({ verdict: 'live', why: 'room not checked' });
});

test('hard group rules that no host could keep block; soft ones do not', () => {
  const fellow = '99999999-2222-4333-8444-555555555555';
  const members = [serverId, fellow];
  const on = (host: typeof cmp1, policy: string) =>
    judge(facts(), around({ groups: [aGroup({ policy, members })], memberHosts: new Map([[fellow, host]]) }));
  expect(on(cmp2, 'anti-affinity')).toMatchObject({ verdict: 'blocked' });
  expect(on(cmp1, 'anti-affinity')).toMatchObject({ verdict: 'live' });
  expect(on(cmp1, 'affinity')).toMatchObject({ verdict: 'blocked' });
  expect(on(cmp2, 'soft-anti-affinity')).toMatchObject({ verdict: 'live' });
});

test('a server that another job holds is left to it', () => {
  expect(judge(facts({}, { holder: 'protect db3 (7f3a)' }), around()).why).toContain('held by protect db3 (7f3a)');
});

test('what Nova refuses only to move live moves cold once it is stopped; what it never moves is blocked', () => {
  const live = { facts: [], refusal: 'it has a vTPM', cold: null, evacuation: null };
  const never = { ...live, refusal: 'it has Manila shares', cold: 'it has Manila shares' };
  const told = (status: string, hardware: ServerFacts['hardware']) => judge(facts({ status }, { hardware }), around());
  expect(told('ACTIVE', live)).toMatchObject({ verdict: 'blocked', why: expect.stringContaining('it moves cold') });
  expect(told('SHUTOFF', live)).toMatchObject({ verdict: 'cold' });
  expect(told('ACTIVE', never)).toMatchObject({ verdict: 'blocked', why: 'it has Manila shares' });
  expect(told('SHUTOFF', never)).toMatchObject({ verdict: 'blocked', why: 'it has Manila shares' });
});

test('an obstacle is told once, and no word of an owner hides what the hardware ties', () => {
  const hardware = { facts: ['pinned CPUs'], refusal: null, cold: null, evacuation: null };
  const locked = facts({ locked: true, lockedReason: 'has pinned CPUs' }, { hardware });
  expect(judge(locked, around()).why).toBe('locked: has pinned CPUs; pinned CPUs');
  const group = aGroup({ policy: 'affinity', members: [serverId, 'fellow'] });
  const beside = around({ groups: [group], memberHosts: new Map([['fellow', cmp1]]) });
  expect(judge(facts(), beside).why).toBe('server group web (affinity) keeps it beside its fellows on cmp1');
  expect(judge(facts({}, { pinnedZone: 'rack7' }), around()).why).toBe(
    'pinned to zone rack7, where no other host is up and enabled',
  );
});
