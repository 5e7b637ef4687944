import { expect, test } from 'vitest';
import { hardwareOf } from '../../src/command/drain/hardware.ts';
import type { ServerFacts, Surroundings } from '../../src/command/drain/judge.ts';
import { reckon } from '../../src/command/drain/reckon.ts';
import { spareOf } from '../../src/command/drain/spare.ts';
import type { Room } from '../../src/openstack/cloud.ts';
import { HostName, ServerId } from '../../src/openstack/names.ts';
import { aGroup, aRoom, aServer, aService, cmp1, cmp2 } from './things.ts';

const cmp3 = HostName.parse('cmp3');
const id = (n: number) => ServerId.parse(`00000000-0000-4000-8000-00000000000${n}`);

function room(host: HostName, ...each: number[]): Room {
  return aRoom(
    host,
    each.map((memory) => ({ each: { MEMORY_MB: memory }, number: 1 })),
  );
}

function facts(n: number, memory: number): ServerFacts {
  const candidates = { candidates: [cmp2, cmp3], needs: { MEMORY_MB: memory } };
  const hardware = { facts: [], refusal: null, cold: null, evacuation: null };
  const wish = null;
  const server = aServer({ id: id(n), name: `s${n}` });
  return {
    server,
    owner: 'alpha',
    volumesGb: 0,
    protection: null,
    pinnedZone: null,
    holder: null,
    ours: null,
    hardware,
    wish,
    ...candidates,
  };
}

function around(changes: Partial<Surroundings> = {}): Surroundings {
  const others = [aService({ host: cmp2 }), aService({ host: cmp3 })];
  return { host: cmp1, others, groups: [], memberHosts: new Map(), block: 'auto', ...changes };
}

test('room that earlier ones take is gone for later ones, and they are named', () => {
  const { notes, homeless, rooms } = reckon(
    [1, 2, 3].map((n) => facts(n, 600)),
    [room(cmp2, 0), room(cmp3, 0)],
    around(),
  );
  expect(notes.get(id(1))).toBe('fits on 2 hosts');
  expect(notes.get(id(2))).toBe('fits on 1 host');
  expect(homeless).toEqual(['s3']);
  expect(rooms.find(({ host }) => host === cmp2)?.used).toEqual({ MEMORY_MB: 600 });
});

test('members that must be apart are reckoned to different hosts, as many to one as the rule allows', () => {
  const members = [id(1), id(2), id(3)];
  const three = [1, 2, 3].map((n) => facts(n, 1));
  const strict = reckon(three, [], around({ groups: [aGroup({ members })] }));
  expect(strict.homeless).toEqual(['s3']);
  expect(strict.notes.get(id(3))).toContain('zone and group rules');
  expect(reckon(three, [], around({ groups: [aGroup({ members, perHost: 2 })] })).homeless).toEqual([]);
});

test('N-1 is said as it was and as it will be', () => {
  const circle = { name: 'zone nova', hosts: [cmp2, cmp3] };
  const spare = (used: number, moved: number, own = moved) => {
    const rooms = [room(cmp1, own), room(cmp2, used), room(cmp3, used)];
    return spareOf(circle, aService(), rooms, reckon([facts(1, moved)], rooms, around()));
  };
  expect(spare(100, 100)).toMatchObject({ breaks: false, words: expect.stringContaining('may fail') });
  expect(spare(450, 200)).toMatchObject({ breaks: true, words: expect.stringContaining('100 MB of memory') });
  expect(spare(900, 100, 500)).toMatchObject({ breaks: false, words: expect.stringContaining('it was so before') });
});

test('N-1 is lost where no single host has room for a whole server, whatever is free in all', () => {
  const hosts = [cmp2, cmp3, HostName.parse('cmp4')];
  const circle = { name: 'zone nova', hosts };
  const rooms = [
    aRoom(cmp1, [], 64),
    ...hosts.map((host) => aRoom(host, [{ each: { MEMORY_MB: 40 }, number: 1 }], 64)),
  ];
  expect(spareOf(circle, aService(), rooms, { rooms, homeless: [] })).toEqual({
    circle: 'zone nova',
    holds: false,
    breaks: true,
    words: 'zone nova: if cmp2 fails, no other host has room for a server of 40 MB of memory',
  });
  const halved = rooms.map((one) => ({ ...one, consumers: [{ each: { MEMORY_MB: 20 }, number: 2 }] }));
  const [, ...after] = halved;
  expect(spareOf(circle, aService(), [room(cmp1), ...after], { rooms: after, homeless: [] })).toMatchObject({
    holds: true,
    words: 'zone nova: one more of its 3 other hosts may fail',
  });
});

test('a host that is closed already held nobody up: emptying it does not lose what was lost before', () => {
  const circle = { name: 'zone nova', hosts: [cmp2, cmp3] };
  const rooms = [room(cmp1), room(cmp2, 600), room(cmp3, 600)];
  const closed = spareOf(circle, aService({ status: 'disabled' }), rooms, { rooms, homeless: [] });
  expect(closed).toMatchObject({ holds: false, breaks: false, words: expect.stringContaining('it was so before') });
  expect(spareOf(circle, aService(), rooms, { rooms, homeless: [] })).toMatchObject({ breaks: true });
});

test('a zone without another host is said to be so', () => {
  const alone = spareOf({ name: 'zone b', hosts: [] }, aService(), [room(cmp1, 10)], reckon([], [], around()));
  expect(alone).toMatchObject({ breaks: false, words: 'zone b: no other host of it is up and enabled' });
});

test('a host that Placement does not tell of makes N-1 unknown, not well', () => {
  const circle = { name: 'zone nova', hosts: [cmp2, cmp3] };
  const rooms = [room(cmp1, 0), room(cmp2, 0)];
  expect(spareOf(circle, aService(), rooms, reckon([], rooms, around()))).toBeNull();
  // Told of what it has, but not who holds it.
  const { consumers: _, ...bare } = room(cmp3, 0);
  expect(spareOf(circle, aService(), [...rooms, bare], reckon([], rooms, around()))).toBeNull();
});

test.each([
  [{ 'hw:mem_encryption': 'True' }, 90, /SEV/],
  [{ 'hw:tpm_version': '2.0' }, 100, /vTPM/],
  [{ 'hw:tpm_version': '2.0', 'hw:tpm_secret_security': 'host' }, 103, null],
  [{ 'pci_passthrough:alias': 'gpu:1' }, 96, /before 2025.1/],
  [{ 'pci_passthrough:alias': 'gpu:1' }, 100, null],
  [{ 'accel:device_profile': 'fpga' }, 100, /accelerator/],
  [{ 'hw:numa_nodes': '2' }, 72, /before Train/],
  [{ 'hw:numa_nodes': '2', 'hw:cpu_policy': 'dedicated' }, 93, null],
  [{ 'hw:cpu_policy': 'mixed' }, 72, /partly pinned: before Train/],
])('what a flavor ties to hardware: %j at 2.%i', (extraSpecs, minor, refusal) => {
  const flavor = { ...aServer().flavor, extraSpecs };
  const found = hardwareOf(aServer({ flavor }), { major: 2, minor }, null);
  expect(found.facts.length).toBeGreaterThan(0);
  if (refusal === null) expect(found.refusal).toBeNull();
  else expect(found.refusal).toMatch(refusal);
});

test.each([
  [{ 'accel:device_profile': 'fpga' }, 87, /before Wallaby/],
  [{ 'accel:device_profile': 'fpga' }, 88, null],
  [{ 'hw:tpm_version': '2.0' }, 103, /vTPM/],
])('what Nova evacuates: %j at 2.%i', (extraSpecs, minor, refusal) => {
  const flavor = { ...aServer().flavor, extraSpecs };
  const { evacuation } = hardwareOf(aServer({ flavor }), { major: 2, minor }, null);
  if (refusal === null) expect(evacuation).toBeNull();
  else expect(evacuation).toMatch(refusal);
});

test('what has shares or an accelerator is not moved cold either', () => {
  const newest = { major: 2, minor: 103 };
  expect(hardwareOf(aServer(), newest, 2)).toMatchObject({
    facts: ['2 Manila shares'],
    cold: 'it has Manila shares: Nova moves it neither live nor cold',
    evacuation: 'it has Manila shares: Nova does not evacuate it',
  });
  const flavor = { ...aServer().flavor, extraSpecs: { 'accel:device_profile': 'fpga', 'hw:mem_encryption': 'true' } };
  const { refusal, cold } = hardwareOf(aServer({ flavor }), newest, 0);
  expect([refusal, cold]).toEqual([cold, expect.stringContaining('accelerator')]);
});

test('an image ties as its flavor does', () => {
  const tied = aServer({ imageProperties: { hw_tpm_version: '2.0' } });
  expect(hardwareOf(tied, { major: 2, minor: 100 }, 0).refusal).toMatch(/vTPM/);
});
