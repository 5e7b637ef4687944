import { expect, test } from 'vitest';
import { failing, spread } from '../../src/command/drain/packing.ts';
import type { Consumers, Room } from '../../src/openstack/cloud.ts';
import { HostName } from '../../src/openstack/names.ts';
import { aRoom, cmp1, cmp2 } from './things.ts';

/** Of what was on a host that is none of these. */
const homelessOf = (leaving: readonly Consumers[], rooms: readonly Room[]) =>
  failing(rooms)(HostName.parse('failed'), leaving);
const some = (memory: number, number = 1) => ({ each: { MEMORY_MB: memory }, number });

test('free room in pieces takes no server that is larger than each piece', () => {
  const rooms = [aRoom(cmp1, [some(40)], 64), aRoom(cmp2, [some(40)], 64)];
  expect(homelessOf([some(40)], rooms)).toEqual([some(40)]);
  expect(homelessOf([some(24, 2)], rooms)).toEqual([]);
  expect(homelessOf([some(12, 5)], rooms)).toEqual([some(12)]);
});

test('the largest goes first, so that the small ones fill what is left', () => {
  const rooms = [aRoom(cmp1, [], 50), aRoom(cmp2, [], 60)];
  expect(homelessOf([some(10, 5), some(60)], rooms)).toEqual([]);
});

test('all that a server holds must be free on one host', () => {
  const full = { ...aRoom(cmp1, [], 64), capacity: { MEMORY_MB: 64, DISK_GB: 1 } };
  expect(homelessOf([{ each: { MEMORY_MB: 1, DISK_GB: 2 }, number: 1 }], [full])).toHaveLength(1);
  expect(homelessOf([{ each: { VGPU: 1 }, number: 1 }], [full])).toHaveLength(1);
});

test('spread: each goes where most memory is free, and is among that host’s own from then on', () => {
  const { rooms, homeless } = spread([some(10, 3), some(90)], [aRoom(cmp1, [some(1)], 30), aRoom(cmp2, [], 20)]);
  expect(rooms.map(({ used }) => used['MEMORY_MB'])).toEqual([21, 10]);
  expect(rooms[0]?.consumers).toEqual([some(1), some(10), some(10)]);
  expect(homeless).toEqual([some(90)]);
});
