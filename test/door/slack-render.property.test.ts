import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Rendered, render } from '../../adapters/slack/render.ts';
import type { Block, Report } from '../../src/chat/report.ts';
import { StepMark, Tone } from '../../src/chat/report.ts';
import { validBlocks } from '../slack/fake/blocks/validate.ts';

const nasty = [
  '<!channel>',
  '<@U0EVIL>',
  '```',
  '*bold*',
  '&amp;',
  '\u202e',
  '\u0000',
  ':boom:',
  '> quoted',
  '<http://x|y>',
  '\ud800',
];
const data = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(...nasty, ''),
  fc.tuple(fc.constantFrom(...nasty), fc.constantFrom(1, 1, 1, 30, 900)).map(([one, times]) => one.repeat(times)),
);

const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text: data }),
  fc.record({ kind: fc.constant('code' as const), text: data }),
  fc.record({ kind: fc.constant('fields' as const), fields: fc.array(fc.tuple(data, data), { maxLength: 30 }) }),
  fc.record({
    kind: fc.constant('table' as const),
    columns: fc.array(data, { maxLength: 12 }),
    rows: fc.array(fc.array(data, { maxLength: 6 }), { maxLength: 15 }),
  }),
  fc.record({
    kind: fc.constant('steps' as const),
    steps: fc.array(fc.record({ label: data, state: fc.constantFrom(...StepMark.options), note: data }), {
      maxLength: 80,
    }),
  }),
  fc.record({
    kind: fc.constant('chart' as const),
    label: data,
    points: fc.array(fc.record({ at: data, value: fc.double({ noNaN: true }) }), { maxLength: 40 }),
  }),
  fc.record({ kind: fc.constant('file' as const), name: data, artifact: data, bytes: fc.nat() }),
);

const report: fc.Arbitrary<Report> = fc.record({
  title: data,
  tone: fc.constantFrom(...Tone.options),
  blocks: fc.array(block, { maxLength: 25 }),
  replies: fc.array(
    fc.record({
      label: data,
      line: fc.oneof(data, fc.string({ minLength: 1990, maxLength: 2010 })),
      danger: fc.boolean(),
    }),
    { maxLength: 40 },
  ),
  calls: fc.array(
    fc.oneof(data, fc.constantFrom('slack:T1/S0ONCALL', 'slack:T1/U0BOB', 'irc:libera/bob', 'slack:T2/U9')),
    {
      maxLength: 80,
    },
  ),
  footer: data,
});

const look = { team: 'T1', live: false };

/** All that Slack reads for its own signs, one string. */
function marked({ text, blocks }: Rendered): string {
  return JSON.stringify([
    text,
    blocks.map((one) => JSON.stringify(one, (key, value) => (key === 'value' ? '' : value))),
  ]);
}

describe('whatever a report holds', () => {
  test('Slack takes its blocks', () => {
    fc.assert(
      fc.property(report, fc.boolean(), (one, live) => {
        const { text, blocks } = render(one, { team: 'T1', live });
        expect(blocks.length).toBeGreaterThan(0);
        expect(() => validBlocks(structuredClone(blocks))).not.toThrow();
        expect(text.length).toBeGreaterThan(0);
        expect(text.length).toBeLessThanOrEqual(4000);
      }),
      { numRuns: 80 },
    );
  }, 60_000);

  test('nobody is called but whom the report calls, in this workspace', () => {
    fc.assert(
      fc.property(report, (one) => {
        const signs = marked(render(one, look)).match(/<[^>]*>/g) ?? [];
        const called = (one.calls ?? []).map((call) => call.replace('slack:T1/', ''));
        for (const sign of signs) {
          const id = /^<(?:!subteam\^|@)([A-Z0-9]+)>$/.exec(sign)?.[1] ?? '';
          expect(called).toContain(id);
        }
      }),
      { numRuns: 50 },
    );
  }, 60_000);

  test('what the blocks do not hold is in the file, and the same report makes the same file', () => {
    fc.assert(
      fc.property(report, (one) => {
        const { blocks, file } = render(one, look);
        if (file === null) return;
        expect(render(one, look).file).toEqual(file);
        expect(JSON.stringify(blocks)).toContain(file.name);
        expect(file.name).toMatch(/^[a-z0-9-]+\.txt$/);
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});

test('a table of 5,000 rows is its beginning, and a file with all of it', () => {
  const rows = Array.from({ length: 5000 }, (_, n) => [`web-${n}`, `cmp${n % 40}`, '<!channel>']);
  const { blocks, file } = render(
    { title: 'servers', tone: 'plain', blocks: [{ kind: 'table', columns: ['name', 'host', 'tag'], rows }] },
    look,
  );
  expect(JSON.stringify(blocks)).toContain('4,988 more rows');
  expect(JSON.stringify(blocks)).not.toContain('<!channel>');
  for (const name of ['web-0 ', 'web-2500', 'web-4999']) expect(file?.content).toContain(name);
});

test('a plan that waits: bold title, fields, columns that stay columns, a dangerous button with its line', () => {
  const { text, blocks, file } = render(
    {
      title: 'drain cmp1: 6 live, 1 cold',
      tone: 'warn',
      blocks: [
        { kind: 'fields', fields: [['host', 'cmp1']] },
        {
          kind: 'table',
          columns: ['what', 'how'],
          rows: [
            ['web-1', 'live'],
            ['数据库', 'cold'],
          ],
        },
      ],
      replies: [
        { label: 'Approve', line: '!approve 9811', danger: true },
        { label: 'Deny', line: '!deny 9811' },
      ],
      calls: ['slack:T1/S0ONCALL', 'irc:libera/bob'],
      footer: '9811 · prod-eu',
    },
    look,
  );
  expect(file).toBeNull();
  expect(text).toBe('⚠️ drain cmp1: 6 live, 1 cold');
  const button = { type: 'button', action_id: 'say:0', value: '!approve 9811', style: 'danger' };
  expect(blocks).toMatchObject([
    { type: 'section', text: { type: 'mrkdwn', text: '⚠️ *drain cmp1: 6 live, 1 cold*' } },
    { type: 'section', fields: [{ type: 'mrkdwn', text: '*host*\ncmp1' }] },
    { type: 'section', text: { text: '```\nwhat    how\nweb-1   live\n数据库  cold\n```' } },
    { type: 'section', text: { text: '<!subteam^S0ONCALL>' } },
    { type: 'actions', elements: [button, { value: '!deny 9811', action_id: 'say:1' }] },
    { type: 'context', elements: [{ type: 'plain_text', text: '9811 · prod-eu' }] },
  ]);
});

test('a job under way: a bar, what moves and what went wrong, the rest counted', () => {
  const steps = Array.from({ length: 40 }, (_, n) => ({
    label: `move web-${n}`,
    state:
      n < 20
        ? ('done' as const)
        : n === 20
          ? ('failed' as const)
          : n < 24
            ? ('running' as const)
            : ('waiting' as const),
    note: '',
  }));
  const { blocks } = render(
    { title: 'drain cmp1: 21 of 40 steps', tone: 'plain', blocks: [{ kind: 'steps', steps, progress: [21, 40] }] },
    { team: 'T1', live: true },
  );
  expect(JSON.stringify(blocks)).toContain('██████████░░░░░░░░░░ 21 of 40');
  expect(JSON.stringify(blocks)).toContain('✗ move web-20 failed');
  expect(JSON.stringify(blocks)).toContain('and 20 done, 16 waiting');
});

test('a command in backticks is shown as what one types; a backtick alone, or a format beside it, stays literal', () => {
  const texts = ['until `maintenance cmp1 off`', 'a ` alone', '*bold* and `code`', 'one\n> `two`', '`<!channel>`'];
  const { blocks } = render(
    { title: 't', tone: 'plain', blocks: texts.map((text) => ({ kind: 'text' as const, text })) },
    look,
  );
  expect(blocks.slice(1)).toMatchObject([
    { text: { type: 'mrkdwn', text: 'until `maintenance cmp1 off`', verbatim: true } },
    { text: { type: 'plain_text' } },
    { text: { type: 'plain_text' } },
    { text: { type: 'plain_text' } },
    { text: { type: 'mrkdwn', text: '`&lt;!channel&gt;`' } },
  ]);
});
