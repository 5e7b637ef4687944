import { describe, expect, test } from 'vitest';
import { JobId, Reason, ServerReference, Until, untilDate } from '../../src/command/args.ts';
import { durationMs, spokenDuration } from '../../src/command/duration.ts';

function why(read: { success: boolean; error?: { issues: { message: string }[] } | undefined }): string {
  return read.error?.issues[0]?.message ?? 'taken';
}

describe('until', () => {
  const now = new Date('2026-11-22T21:30:00Z');

  test.each([
    ['30m', '2026-11-22T22:00:00.000Z'],
    ['2h', '2026-11-22T23:30:00.000Z'],
    ['1d12h', '2026-11-24T09:30:00.000Z'],
    ['1w', '2026-11-29T21:30:00.000Z'],
    ['2026-12-01', '2026-12-01T23:59:00.000Z'],
    ['2026-12-01T22:00', '2026-12-01T22:00:00.000Z'],
    ['2026-12-01 22:00+02:00', '2026-12-01T20:00:00.000Z'],
    ['22:00', '2026-11-22T22:00:00.000Z'],
    ['21:00', '2026-11-23T21:00:00.000Z'],
  ])('%s is %s', (typed, date) => expect(untilDate(Until.parse(typed), now).toISOString()).toBe(date));

  test.each(['soon', '0m', '2026-02-30', '2026-13-01', '25:00', '5', ''])('%j hears what to type', (typed) => {
    expect(why(Until.safeParse(typed))).toBe(
      'type a while (30m, 2h, 3d, 1w), a date (2026-12-01, 2026-12-01T22:00) or the next 22:00; times are UTC',
    );
  });

  test('what is over or far away is refused', () => {
    expect(() => untilDate(Until.parse('2026-11-21'), now)).toThrow('2026-11-21T23:59Z is over already');
    expect(() => untilDate(Until.parse('99w'), now)).toThrow('is more than a year away');
  });
});

test.each([
  ['disk swap, rack 4 – ünïcode', 'taken'],
  ['  ', 'say why in a few words'],
  ['a'.repeat(201), 'at most 200 characters'],
  ['fire 🔥', 'the cloud cannot store 🔥 (U+1F525) in a reason; leave it out'],
  ['a\u001bb', 'it holds ESC (U+001B): leave it out'],
])('the reason %j', (reason, said) => expect(why(Reason.safeParse(reason))).toBe(said));

test('a job’s id is taken as people write it', () => {
  expect(JobId.parse('#7F3A')).toBe('7f3a');
  expect(why(JobId.safeParse('the last'))).toBe('a job’s id is the short one on its card, such as 7f3a');
});

test('a server’s name may be anything a cloud takes', () => {
  expect(ServerReference.parse('web 01')).toBe('web 01');
  expect(why(ServerReference.safeParse(' '))).toMatch(/uuid/);
});

test('durations are read and said', () => {
  expect([durationMs('90s'), durationMs('1h30m'), durationMs('1x'), durationMs('h')]).toEqual([
    90_000,
    5_400_000,
    null,
    null,
  ]);
  expect([0, 45_000, 7_200_000, 93_600_000].map(spokenDuration)).toEqual(['0 s', '45 s', '2 h', '1 d 2 h']);
});
