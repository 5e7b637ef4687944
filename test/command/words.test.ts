import { expect, test } from 'vitest';
import { nearest } from '../../src/command/resolve.ts';
import { age, count, cut, duration, list, size } from '../../src/command/words.ts';
import { unsendable } from '../../src/openstack/names.ts';

test('facts are said short and exact', () => {
  expect([count(1, 'server'), count(0, 'server'), count(12, 'server')]).toEqual([
    '1 server',
    '0 servers',
    '12 servers',
  ]);
  expect([duration(-5), duration(119_000), duration(600_000), duration(7_200_000), duration(172_800_000)]).toEqual([
    '0 s',
    '119 s',
    '10 min',
    '2 h',
    '2 d',
  ]);
  expect([size(512), size(8192), size(1_572_864)]).toEqual(['512 MB', '8 GB', '1.5 TB']);
  expect(age(null, new Date())).toBe('-');
  expect(cut('disk swap', 6)).toBe('disk …');
  expect(cut('🦊🦊', 2)).toBe('🦊🦊');
  expect(list(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
});

test('the nearest candidates come first, strangers not at all', () => {
  expect(nearest('cpm1', ['cmp1', 'cmp41', 'storage'])).toEqual(['cmp1', 'cmp41']);
  expect(nearest('cmp-01', ['cmp-10', 'cmp-02', 'net-01'])).toEqual(['cmp-02', 'cmp-10']);
  expect(nearest('cmp1', ['cmp1.example.net', 'cmp2.example.net'])).toEqual(['cmp1.example.net']);
});

test('characters Nova cannot store are named', () => {
  expect(unsendable('disk swap, ü and 中')).toBeNull();
  expect(unsendable('fire 🔥🔥')).toBe('the cloud cannot store 🔥 (U+1F525) in a reason; leave it out');
});
