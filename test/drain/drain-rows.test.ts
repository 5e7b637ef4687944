import { expect, test } from 'vitest';
import { arrivals, leftBehind, serverRow } from '../../src/command/drain/drain-rows.ts';
import type { ServerFacts } from '../../src/command/drain/judge.ts';
import { wishOf } from '../../src/command/drain/wishes.ts';
import type { Server } from '../../src/openstack/cloud.ts';
import { aMigration, aServer, aService, cmp1, cmp2, serverId } from './things.ts';

const others = [aService({ host: cmp2 })];
const around = { host: cmp1, others, groups: [], memberHosts: new Map(), block: 'auto' as const };
const limits = { now: new Date('2026-11-30T10:00:00Z'), totalMs: 6 * 3_600_000 };

function wishing(metadata: Record<string, string>, server: Partial<Server> = {}, binds = true): ServerFacts {
  const wish = wishOf({ metadata }, binds);
  const hardware = { facts: [], refusal: null, cold: null, evacuation: null };
  const room = { candidates: [cmp2], needs: { MEMORY_MB: 512 } };
  const known = { owner: 'alpha', volumesGb: 0, protection: null, pinnedZone: null, holder: null, ours: null };
  return { server: aServer(server), wish, hardware, ...known, ...room };
}

const row = (window: string) => serverRow(wishing({ 'vigie:window': window }), around, limits);

test('who waits for its owner’s window is told with the time, is no canary, and holds nobody up', () => {
  expect(row('09:00-11:00 UTC')).toMatchObject({ verdict: 'live', why: 'vigie:window = 09:00-11:00 UTC' });
  const later = { verdict: 'wait', weight: 2, why: expect.stringMatching(/; begins .*14:00/) };
  expect(row('14:00-18:00 UTC')).toMatchObject(later);
  expect(row('22:00-04:00 UTC')).toMatchObject({
    verdict: 'wait',
    why: expect.stringMatching(/; opens .*22:00.*, after the drain's 6 h: will be left$/),
  });
  expect(serverRow(wishing({ 'vigie:window': '22:00-04:00' }, {}, false), around, limits).verdict).toBe('live');
});

test('a window and the wish for a cold move stand also after a resize is confirmed', () => {
  const metadata = { 'vigie:window': '09:00-11:00', 'vigie:move': 'cold' };
  const { step } = serverRow(wishing(metadata, { status: 'VERIFY_RESIZE' }), around, limits);
  expect(step).toMatchObject({ step: 'resized', input: { window: '09:00-11:00', interrupts: true } });
});

test('what a job of vigie’s moved cold and could not wait for is confirmed without a question; another’s is asked about', () => {
  const ours = { job: '7f3a', migration: 7 };
  const waits = { ...wishing({}, { status: 'VERIFY_RESIZE' }), ours };
  const said = expect.stringContaining('moved by job 7f3a, which ended before it could confirm it: is confirmed');
  expect(serverRow(waits, around, limits)).toMatchObject({
    verdict: 'cold',
    why: said,
    step: { step: 'resized', input: { ours: 7 }, label: 'confirm the move of db3' },
  });
  const left = { migration: aMigration({ status: 'finished', destination: cmp2 }), server: aServer({ host: cmp2 }) };
  const rowsOf = (own: typeof ours | null) => leftBehind({ unconfirmed: [{ ...left, ours: own }], around });
  expect(rowsOf(ours)).toMatchObject([{ verdict: 'cold', why: said, step: { step: 'resized', input: { ours: 7 } } }]);
  expect(rowsOf(null)).toMatchObject([{ verdict: 'ask', why: expect.stringContaining('by another hand') }]);
  expect(rowsOf(null)[0]?.step?.input).not.toHaveProperty('ours');
});

test('who is on its way here is judged as the others are', () => {
  const coming = (metadata: Record<string, string>) => {
    const one = wishing(metadata, { host: cmp2, status: 'MIGRATING', taskState: 'migrating' });
    const migration = aMigration({ source: cmp2, destination: cmp1 });
    const incoming = [{ migration, server: one.server }];
    return arrivals({ incoming, arriving: [{ ...one, candidates: null }], around }, limits)[0];
  };
  expect(coming({})).toMatchObject({
    verdict: 'wait',
    why: expect.stringMatching(/^migration 7 \(running\) brings it/),
  });
  expect(coming({})?.step).toMatchObject({ step: 'move', label: 'wait for db3 to arrive, then move it' });
  const never = coming({ 'vigie:move': 'never' });
  expect(never).toMatchObject({ verdict: 'blocked', step: null, why: expect.stringContaining('never moved') });
  expect(never?.label).toContain(serverId);
  expect(coming({ 'vigie:move': 'cold' })?.step?.input).toMatchObject({ how: 'cold', interrupts: true });
});

test('a row has the bare name beside what people read', () => {
  expect(serverRow(wishing({}), around, limits)).toMatchObject({ name: 'db3', label: 'db3 (512 MB, 1 GB disk)' });
});
