import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Version } from '../../src/openstack/cloud.ts';
import { apiVersions } from '../../src/openstack/discovery.ts';
import { atLeast, choose, compare, version, versionHeaders, words } from '../../src/openstack/microversion.ts';

const versions = fc.record({ major: fc.constantFrom(1, 2, 3), minor: fc.nat({ max: 300 }) });
const ranges = fc
  .tuple(versions, versions)
  .map(([a, b]) => (compare(a, b) <= 0 ? { min: a, max: b } : { min: b, max: a }));

test('a version is two integers, whatever their texts look like', () => {
  fc.assert(
    fc.property(versions, versions, (a, b) => {
      expect(version(words(a))).toEqual(a);
      expect(Math.sign(compare(a, b))).toBe(Math.sign(a.major * 1000 + a.minor - (b.major * 1000 + b.minor)));
      expect(atLeast(a, words(b))).toBe(compare(a, b) >= 0);
    }),
  );
  expect(atLeast(version('2.100'), '2.96')).toBe(true);
  expect(atLeast(version('2.96'), '2.100')).toBe(false);
  expect(atLeast(version('2.9'), '2.11')).toBe(false);
});

test('what is chosen is known to both sides, and nothing newer is', () => {
  fc.assert(
    fc.property(versions, ranges, (known, range) => {
      const chosen = choose(words(known), range);
      if (chosen === null) {
        expect(compare(known, range.min)).toBeLessThan(0);
        return;
      }
      expect(inside(chosen, range)).toBe(true);
      expect(compare(chosen, known)).toBeLessThanOrEqual(0);
      // The newest that both know is one of their two ends.
      expect([known, range.max].some((end) => compare(end, chosen) === 0)).toBe(true);
    }),
  );
});

test('a cloud that begins after what the client knows has nothing in common with it', () => {
  expect(choose('2.69', { min: version('2.70'), max: version('2.100') })).toBeNull();
  expect(choose('2.69', { min: version('2.69'), max: version('2.100') })).toEqual(version('2.69'));
  expect(choose('2.96', { min: version('2.1'), max: version('2.9') })).toEqual(version('2.9'));
});

test('no text but a version is taken for one', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/^v?\d+\.\d+$/.test(text)),
      (text) => {
        expect(() => version(text)).toThrow(RangeError);
      },
    ),
  );
});

test('a document without versions, or with ones that cannot be read, means that there are no microversions', () => {
  const shown = (max: unknown, min: unknown) =>
    apiVersions({ version: { id: 'v2.1', version: max, min_version: min } });
  for (const [max, min] of [
    ['', ''],
    ['2.93', ''],
    ['', '2.1'],
    [null, null],
    ['latest', '2.1'],
    ['2', '1'],
  ])
    expect(shown(max, min)).toEqual([{ id: 'v2.1', range: null }]);
  expect(shown('2.100', '2.1')).toEqual([{ id: 'v2.1', range: { min: version('2.1'), max: version('2.100') } }]);
  fc.assert(
    fc.property(fc.jsonValue(), (document) => {
      expect(Array.isArray(apiVersions(document))).toBe(true);
    }),
  );
});

test('no header is sent to a cloud without microversions', () => {
  expect(versionHeaders('compute', null)).toEqual({});
  expect(versionHeaders('compute', { major: 2, minor: 0 })).toEqual({});
  expect(versionHeaders('compute', version('2.100'))).toEqual({
    'openstack-api-version': 'compute 2.100',
    'x-openstack-nova-api-version': '2.100',
  });
  expect(versionHeaders('placement', version('1.39'))).toEqual({ 'openstack-api-version': 'placement 1.39' });
});

function inside(chosen: Version, { min, max }: { min: Version; max: Version }): boolean {
  return compare(min, chosen) <= 0 && compare(chosen, max) <= 0;
}
