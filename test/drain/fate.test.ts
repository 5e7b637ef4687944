import { expect, test } from 'vitest';
import type { ServerFacts, Surroundings } from '../../src/command/drain/judge.ts';
import { fateOf } from '../../src/command/evacuate/fate.ts';
import type { Server } from '../../src/openstack/cloud.ts';
import { aServer, aService, cmp1, cmp2 } from './things.ts';

const around: Surroundings = {
  host: cmp1,
  others: [aService({ host: cmp2 })],
  groups: [],
  memberHosts: new Map(),
  block: 'auto',
};
const wish = { shared: false, acceptDataLoss: true };

function facts(server: Partial<Server> = {}, changes: Partial<ServerFacts> = {}): ServerFacts {
  const hardware = { facts: [], refusal: null, cold: null, evacuation: null };
  const room = { candidates: [cmp2], needs: { VCPU: 1 } };
  return {
    server: aServer(server),
    owner: 'alpha',
    volumesGb: 0,
    protection: null,
    pinnedZone: null,
    holder: null,
    ours: null,
    hardware,
    wish: null,
    ...room,
    ...changes,
  };
}

test('a disk is kept only where that is known: a volume and nothing beside it, or shared storage that was declared', () => {
  const flavor = { ...aServer().flavor, ephemeralGb: 10 };
  const unknown = { ...aServer().flavor, ephemeralGb: null };
  expect(fateOf(facts({ bootsFromVolume: true }), around, wish).verdict).toBe('disk kept');
  expect(fateOf(facts({ bootsFromVolume: true, flavor }), around, wish)).toMatchObject({
    verdict: 'DISK LOST',
    why: expect.stringContaining('ephemeral'),
  });
  expect(fateOf(facts({ bootsFromVolume: true, flavor: unknown }), around, wish).verdict).toBe('DISK LOST');
  expect(fateOf(facts(), around, wish).verdict).toBe('DISK LOST');
  expect(fateOf(facts(), around, { ...wish, shared: true }).verdict).toBe('disk kept');
});

test('a lost disk without --accept-data-loss is left, and is harsher than anything but being blocked', () => {
  const left = fateOf(facts(), around, { ...wish, acceptDataLoss: false });
  expect(left).toMatchObject({ verdict: 'blocked', why: expect.stringContaining('only with --accept-data-loss') });
  expect(fateOf(facts(), around, wish).weight).toBeGreaterThan(
    fateOf(facts({ bootsFromVolume: true }), around, wish).weight,
  );
});

test.each([
  ['ACTIVE', true],
  ['SHUTOFF', true],
  ['ERROR', true],
  ['HARD_REBOOT', true],
  ['PAUSED', false],
  ['SUSPENDED', false],
  ['RESCUE', false],
  ['SHELVED', false],
  ['VERIFY_RESIZE', false],
  ['BUILD', false],
  ['SOMETHING_NEW', false],
])('%s is rebuilt: %s', (status, rebuilt) => {
  expect(fateOf(facts({ status }), around, wish).verdict !== 'blocked').toBe(rebuilt);
});

test('protection, another job, hardware and full hosts keep it where it is', () => {
  const words = 'stays by alice';
  expect(fateOf(facts({}, { protection: { staysPut: true, words } }), around, wish).why).toContain(words);
  expect(fateOf(facts({}, { holder: 'migrate db3 (7f3a)' }), around, wish).why).toContain('held by');
  const hardware = {
    facts: ['vTPM 2.0'],
    refusal: null,
    cold: null,
    evacuation: 'it has a vTPM: Nova does not evacuate it',
  };
  expect(fateOf(facts({}, { hardware }), around, wish).verdict).toBe('blocked');
  expect(fateOf(facts({}, { candidates: [] }), around, wish).why).toContain('no room');
  expect(fateOf(facts({ locked: true, lockedReason: 'mine' }), around, wish).why).toContain(
    'Nova does not look at it here',
  );
});
