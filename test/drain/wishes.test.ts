import { expect, test } from 'vitest';
import { wishOf } from '../../src/command/drain/wishes.ts';
import { opensAt, windowOf } from '../../src/command/window.ts';
import { aServer } from './things.ts';

test.each([
  ['22:00-04:00 UTC', '2026-11-22T21:30:00Z', '2026-11-22T22:00:00.000Z'],
  ['22:00-04:00 UTC', '2026-11-22T22:00:00Z', null],
  ['22:00-04:00 UTC', '2026-11-23T03:59:59Z', null],
  ['22:00-04:00 UTC', '2026-11-23T04:00:00Z', '2026-11-23T22:00:00.000Z'],
  ['08:00-09:30', '2026-11-22T08:15:00Z', null],
  ['08:00-09:30', '2026-11-22T09:30:12Z', '2026-11-23T08:00:00.000Z'],
  ['22:00-04:00 Europe/Zurich', '2026-11-22T20:59:30Z', '2026-11-22T21:00:00.000Z'],
])('%s at %s opens %s', (words, now, opens) => {
  const window = windowOf(words);
  if (window === null) throw new Error('it is a window');
  expect(opensAt(window, new Date(now))?.toISOString() ?? null).toBe(opens);
});

test.each(['', 'always', '22-04', '25:00-04:00', '22:00-22:00', '22:00-04:00 Mars/Base'])(
  '%j is no window',
  (words) => {
    expect(windowOf(words)).toBeNull();
  },
);

test('what is not understood is shown as it stands, and asks for nothing', () => {
  const wish = wishOf(aServer({ metadata: { 'vigie:move': 'gently', 'vigie:window': 'at night' } }), true);
  expect(wish).toMatchObject({ move: null, window: null });
  expect(wish?.words).toBe('vigie:move = gently (not understood), vigie:window = at night (not understood)');
  expect(wishOf(aServer(), true)).toBeNull();
});
