import { expect, test } from 'vitest';
import { changesOf } from '../../adapters/console/changes.ts';
import { type Look, renderReport } from '../../adapters/console/render.ts';
import type { Report } from '../../src/chat/report.ts';

const plain: Look = { width: 60, colour: false };
const wide: Look = { width: Number.POSITIVE_INFINITY, colour: false };

const report: Report = {
  title: 'Drain cmp1: 2 of 3 servers can move',
  tone: 'warn',
  blocks: [
    {
      kind: 'text',
      text: 'The host is disabled first, so that nothing new lands on it while its servers leave.\nThen they go.',
    },
    {
      kind: 'fields',
      fields: [
        ['host', 'cmp1'],
        ['reason', 'vigie 7f3a by alice: PSU swap in rack 4, both feeds, one after the other'],
      ],
    },
    {
      kind: 'table',
      columns: ['server', 'GB', 'why'],
      rows: [
        ['web-1', '8', 'live'],
        ['db-long-name', '128', 'blocked: locked by its owner, who says that it must never be moved'],
      ],
    },
    {
      kind: 'steps',
      steps: [
        { label: 'disable cmp1', state: 'done', note: '' },
        { label: 'move web-1', state: 'running', note: '40 %' },
        { label: 'move db', state: 'failed', note: 'no valid host' },
      ],
    },
    {
      kind: 'chart',
      label: 'tokens by day',
      points: [
        { at: '2026-11-21', value: 0 },
        { at: '2026-11-22', value: 3 },
        { at: '2026-11-23', value: 120 },
      ],
    },
    { kind: 'code', text: 'openstack server list\n  --host cmp1' },
    { kind: 'file', name: 'plan.txt', artifact: 'a1', bytes: 20480 },
  ],
  replies: [
    { label: 'Approve', line: '!approve 7f3a', danger: true },
    { label: 'Deny', line: '!deny 7f3a' },
  ],
  footer: '7f3a · prod · asked by alice',
};

test('a report as plain lines', () => {
  expect(renderReport(report, plain).join('\n')).toBe(`Drain cmp1: 2 of 3 servers can move
  The host is disabled first, so that nothing new lands on
  it while its servers leave.
  Then they go.
  host    cmp1
  reason  vigie 7f3a by alice: PSU swap in rack 4, both
          feeds, one after the other
  server         GB  why
  web-1           8  live
  db-long-name  128  blocked: locked by its owner, who says
                     that it must never be moved
  ✓ disable cmp1
  ▸ move web-1  40 %
  ✗ move db  no valid host
  tokens by day
  2026-11-21    0
  2026-11-22    3  █
  2026-11-23  120  ████████████████████████████████████████
    openstack server list
      --host cmp1
  file plan.txt, 20 KB, kept as a1
  > !approve 7f3a  Approve
  > !deny 7f3a     Deny
  -- 7f3a · prod · asked by alice`);
});

test('in a pipe a line stays whole', () => {
  expect(renderReport(report, wide)[1]).toBe(
    '  The host is disabled first, so that nothing new lands on it while its servers leave.',
  );
});

test('on a terminal there is colour, and only ours', () => {
  const evil: Report = {
    title: '\u001b[2J\u202eowned',
    tone: 'bad',
    blocks: [{ kind: 'table', columns: ['name'], rows: [['a\u001b]0;x\u0007\nb\u009b31m']] }],
    replies: [{ label: '\rok', line: '!x\u0000' }],
  };
  expect(renderReport(evil, { ...plain, colour: true })).toEqual([
    '\u001b[31m[2Jowned\u001b[0m',
    '\u001b[1m  name\u001b[0m',
    '  a]0;x b31m',
    '  > \u001b[36m!x\u001b[0m   ok',
  ]);
});

test('wide letters keep the columns', () => {
  const blocks: Report['blocks'] = [
    {
      kind: 'table',
      columns: ['name', 'on'],
      rows: [
        ['端末', 'a'],
        ['e\u0301t', 'b'],
      ],
    },
  ];
  expect(renderReport({ title: 't', tone: 'plain', blocks }, plain)).toEqual([
    't',
    '  name  on',
    '  端末  a',
    '  e\u0301t    b',
  ]);
});

test('a word too long for the line stays whole', () => {
  const id = '6f1c0b3e-58d4-4c07-9a3f-1f0e6f9f2d11';
  expect(
    renderReport({ title: `server ${id} is not here`, tone: 'plain', blocks: [] }, { ...plain, width: 20 }),
  ).toEqual(['server', id, 'is not here']);
});

const steps = (first: 'running' | 'done', second: 'waiting' | 'running', note: string): Report['blocks'][number] => ({
  kind: 'steps',
  steps: [
    { label: 'move a', state: first, note: '' },
    { label: 'move b', state: second, note },
  ],
});
const card = (title: string, blocks: Report['blocks']): Report => ({ title, tone: 'plain', blocks });

test('a revised card says only what changed', () => {
  const plan = { kind: 'text', text: 'the plan' } as const;
  const waiting: Report = { ...card('Drain cmp1', [plan]), replies: [{ label: 'Approve', line: '!approve 7f3a' }] };
  const begun: Report = {
    ...card('Drain cmp1: 0 of 2 steps', [steps('running', 'waiting', '')]),
    replies: [{ label: 'Cancel', line: '!cancel 7f3a' }],
    footer: '7f3a · by bob',
  };
  const further = card('Drain cmp1: 1 of 2 steps', [steps('done', 'running', '10 %')]);
  const creeping = card('Drain cmp1: 1 of 2 steps', [steps('done', 'running', '20 %')]);
  const ended = card('cmp1 is empty', [plan, steps('done', 'running', '20 %'), { kind: 'text', text: 'proof' }]);

  expect(changesOf(begun, waiting, plain)).toEqual({
    news: ['Drain cmp1: 0 of 2 steps', '  ▸ move a', '  · move b', '  > !cancel 7f3a  Cancel', '  -- 7f3a · by bob'],
    progress: [],
  });
  expect(changesOf(further, begun, plain)).toEqual({ news: ['  ✓ move a', '  ▸ move b  10 %'], progress: [] });
  expect(changesOf(creeping, further, plain)).toEqual({ news: [], progress: ['  ▸ move b  20 %'] });
  expect(changesOf(creeping, creeping, plain)).toEqual({ news: [], progress: [] });
  expect(changesOf(ended, creeping, plain)).toEqual({ news: ['cmp1 is empty', '  the plan', '  proof'], progress: [] });
  expect(changesOf(waiting, null, plain).news).toEqual(renderReport(waiting, plain));
});
