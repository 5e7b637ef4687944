import { expect, test } from 'vitest';
import { forecast, forecastWords } from '../../src/command/campaign/forecast.ts';
import type { Room, Service } from '../../src/openstack/cloud.ts';
import { HostName } from '../../src/openstack/names.ts';
import { aService } from './things.ts';

const hostsOf = (n: number, zone = 'nova') =>
  Array.from({ length: n }, (_, at) => aService({ host: HostName.parse(`${zone}${at + 1}`), zone }));

const roomsOf = (hosts: readonly Service[], used: readonly number[]): Room[] =>
  hosts.map(({ host }, at) => ({
    host,
    capacity: { MEMORY_MB: 1000, VCPU: 16 },
    used: { MEMORY_MB: used[at] ?? 0, VCPU: 1 },
    // Of servers that are small enough to fill what is free anywhere.
    consumers: [{ each: { MEMORY_MB: 10 }, number: (used[at] ?? 0) / 10 }],
  }));

const ahead = (hosts: readonly Service[], used: readonly number[], atOnce = 1, others = hosts) =>
  forecast(hosts, atOnce, { others, aggregates: [], rooms: roomsOf(hosts, used) });

test('the load of a host is taken to be with the others of its zone: one more of them may fail, or not', async () => {
  const hosts = hostsOf(4);
  const [well] = await ahead(hosts, [500, 500, 500, 500]);
  expect(well).toMatchObject({ state: 'holds', all: [{ words: 'zone nova: one more of its 3 other hosts may fail' }] });
  // 2100 MB are on four, and two hosts are left when one is empty and one more fails.
  const tight = await ahead(hosts, [600, 500, 500, 500]);
  expect(tight.map(({ state }) => state)).toEqual(['lost', 'lost', 'lost', 'lost']);
  expect(tight[0]?.all[0]).toMatchObject({ breaks: true, words: expect.stringContaining('100 MB of memory') });
});

test('where two may be out at once, each is looked at with another one out before it', async () => {
  const hosts = hostsOf(4);
  expect((await ahead(hosts, [250, 250, 250, 250], 2)).map(({ state }) => state)).toEqual(Array(4).fill('holds'));
  const [without] = await ahead(hosts, [300, 300, 300, 300], 2);
  expect(without).toMatchObject({ state: 'lost', all: [{ words: expect.stringContaining('200 MB of memory') }] });
  expect((await ahead(hosts, [300, 300, 300, 300])).map(({ state }) => state)).toEqual(Array(4).fill('holds'));
});

test('a host that another hand closed helps nobody, and one of another zone takes no load', async () => {
  const [first, ...rest] = hostsOf(4);
  const hosts = [...(first ? [first] : []), ...rest];
  expect((await ahead(hosts, [500, 500, 500, 500], 1, rest))[1]).toMatchObject({ state: 'lost' });
  const two = [...hostsOf(3, 'a'), ...hostsOf(3, 'b')];
  const forecasts = await ahead(two, [400, 400, 400, 100, 100, 100]);
  expect(forecasts.map(({ state }) => state)).toEqual(['lost', 'lost', 'lost', 'holds', 'holds', 'holds']);
});

test('what Placement does not tell of is not known, and all of it is said in one line', async () => {
  const hosts = hostsOf(3);
  const around = { others: hosts, aggregates: [], rooms: roomsOf(hosts.slice(0, 2), [1, 1]) };
  const unknown = await forecast(hosts, 1, around);
  expect(unknown.map(({ state }) => state)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(forecastWords(hosts, unknown, 1)).toBe(
    'not known for nova1, nova2, nova3: Placement does not tell of every host',
  );
  expect(forecastWords(hosts, await ahead(hosts, [1, 1, 1]), 2)).toBe(
    "by today's load it holds without each of them, 2 of them out at once",
  );
  expect(forecastWords(hosts, await ahead(hosts, [900, 900, 100]), 1)).toBe(
    "by today's load it does not hold without nova1, nova2, nova3",
  );
});

test('hundreds of hosts are reckoned a host at a time: whatever else the worker does goes on meanwhile', async () => {
  let [turns, over] = [0, false];
  const turn = () => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await ahead(hostsOf(20), Array(20).fill(100));
  over = true;
  expect(turns).toBeGreaterThanOrEqual(19);
});
