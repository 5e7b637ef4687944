import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderNews, renderProgress, renderSummary, renderWhole, summaryLines } from '../../adapters/irc/render.ts';
import type { Block, Report } from '../../src/chat/report.ts';

const look = {
  colours: false,
  network: 'libera',
  nickOf: (account: string) => (account === 'irc:libera/bob' ? 'Bobby' : null),
};
const steering = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const data = fc.string({ unit: 'binary', maxLength: 60 });
const block: fc.Arbitrary<Block> = fc.oneof(
  data.map((text) => ({ kind: 'text' as const, text })),
  data.map((text) => ({ kind: 'code' as const, text })),
  fc.array(fc.tuple(data, data), { maxLength: 4 }).map((fields) => ({ kind: 'fields' as const, fields })),
  fc
    .array(fc.tuple(data, data, data), { maxLength: 30 })
    .map((rows) => ({ kind: 'table' as const, columns: ['a', 'b', 'c'], rows })),
  fc
    .array(
      fc.record({ label: data, state: fc.constantFrom('waiting', 'running', 'failed', 'done', 'asking'), note: data }),
      { maxLength: 9 },
    )
    .map((steps) => ({ kind: 'steps' as const, steps })),
  fc.record({
    kind: fc.constant('chart' as const),
    label: data,
    points: fc.array(fc.record({ at: data, value: fc.nat() }), { maxLength: 9 }),
  }),
);
const report: fc.Arbitrary<Report> = fc.record({
  title: data,
  tone: fc.constantFrom('plain', 'good', 'warn', 'bad'),
  blocks: fc.array(block, { maxLength: 6 }),
  replies: fc.array(fc.record({ label: data, line: data }), { maxLength: 3 }),
  calls: fc.array(
    fc.oneof(
      data,
      data.map((nick) => `irc:libera/${nick}`),
    ),
    { maxLength: 3 },
  ),
  footer: data,
});

test('whatever the data, nothing steers a client, and a summary has five lines at most', () => {
  fc.assert(
    fc.property(report, report, (one, other) => {
      const summary = renderSummary(one, look, '!more');
      expect(summary.length).toBeLessThanOrEqual(summaryLines);
      expect(renderNews(one, other, look, '!more').length).toBeLessThanOrEqual(summaryLines);
      for (const line of [...renderWhole(one, look), ...summary, renderProgress(one, other) ?? ''])
        expect(line).not.toMatch(steering);
    }),
    { numRuns: 500 },
  );
});

test('what a summary leaves out, the whole has, and the summary says how many lines that is', () => {
  fc.assert(
    fc.property(report, (one) => {
      const whole = renderWhole(one, look);
      const summary = renderSummary(one, look, '!more');
      if (whole.length <= summaryLines) expect(summary).toEqual(whole);
      else expect(summary.at(-1)).toMatch(/\d+ more lines: !more$/);
    }),
  );
});

const drain: Report = {
  title: 'drain cmp1: 3 live',
  tone: 'warn',
  blocks: [
    {
      kind: 'fields',
      fields: [
        ['host', 'cmp1'],
        ['to move', '3 servers'],
      ],
    },
    {
      kind: 'table',
      columns: ['server', 'GB', 'why'],
      rows: [
        ['web-1', '8', 'live'],
        ['db-long-name', '128', 'blocked: locked'],
      ],
    },
    {
      kind: 'steps',
      steps: [
        { label: 'move web-1', state: 'running', note: '40 %' },
        { label: 'move db', state: 'failed', note: 'no valid host' },
      ],
    },
  ],
  replies: [
    { label: 'Approve', line: '!approve 7f3a' },
    { label: 'Deny', line: '!deny 7f3a' },
  ],
  calls: ['irc:libera/bob', 'slack:T1/S0ONCALL', 'irc:oftc/carol', 'irc:libera/dave'],
  footer: '7f3a · prod · asked by alice',
};

test('all of a plan, for one person', () => {
  expect(renderWhole(drain, look)).toEqual([
    'Bobby, dave: drain cmp1: 3 live',
    '  host: cmp1 · to move: 3 servers',
    '  server         GB  why',
    '  web-1           8  live',
    '  db-long-name  128  blocked: locked',
    '  running  move web-1: 40 %',
    '  FAILED   move db: no valid host',
    '  say !approve 7f3a | !deny 7f3a',
    '-- 7f3a · prod · asked by alice',
  ]);
});

test('a plan in a channel: who is called, what went wrong, what to type', () => {
  expect(renderSummary(drain, look, '!more')).toEqual([
    'Bobby, dave: drain cmp1: 3 live',
    '  FAILED   move db: no valid host',
    '  1 running, 1 failed',
    '  say !approve 7f3a | !deny 7f3a',
    '-- 7f3a · prod · asked by alice · 5 more lines: !more',
  ]);
});

const going = (title: string, note: string): Report => ({
  title,
  tone: 'plain',
  blocks: [{ kind: 'steps', steps: [{ label: 'move web-1', state: 'running', note }] }],
  replies: [{ label: 'Cancel', line: '!cancel 7f3a' }],
});

test('that it goes on is one line, and none where nothing moved', () => {
  const before = going('drain cmp1: 1 of 3 steps', '10 %');
  expect(renderProgress(going('drain cmp1: 1 of 3 steps', '40 %'), before)).toBe(
    'drain cmp1: 1 of 3 steps; move web-1: 40 %',
  );
  expect(renderProgress(before, before)).toBeNull();
  expect(renderNews(before, drain, look, '!more')).toEqual(['drain cmp1: 1 of 3 steps · say !cancel 7f3a']);
});

test('colours only where they are wished', () => {
  expect(renderSummary({ title: 'cmp1 is empty', tone: 'good', blocks: [] }, { ...look, colours: true }, '')).toEqual([
    '\u000303\u0002cmp1 is empty\u000f',
  ]);
});
