import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Stage } from '../../src/command/plan.ts';
import { openStages, phasesOf, settled } from '../../src/jobs/phases.ts';

interface Row {
  readonly stage: string;
  state: string;
}

const ends = ['done', 'gone', 'blocked', 'failed', 'unproven'];
const plan = fc.record({
  lead: fc.integer({ min: 0, max: 3 }),
  gated: fc.boolean(),
  rest: fc.nat({ max: 6 }),
  lanes: fc.integer({ min: 1, max: 4 }),
});
/** Which of the rows that may go on is next, and how what goes ends. */
const turns = fc.array(fc.record({ pick: fc.nat(), end: fc.constantFrom(...ends), begin: fc.boolean() }), {
  minLength: 60,
  maxLength: 60,
});

function stage(name: string, lanes: number, until: Stage['until'], always = false): Stage {
  return { name, lanes, onFailure: 'continue', always, until };
}

test('before one of the first is done no other begins, what is proven waits for all, and nothing waits for ever', () => {
  fc.assert(
    fc.property(plan, turns, ({ lead, gated, rest, lanes }, story) => {
      const first = Math.min(3, lanes);
      const stages = [
        stage('lead', first, 'one'),
        stage('gate', first, 'one'),
        stage('go', lanes, 'all'),
        stage('proof', 1, 'all', true),
      ];
      const rows: Row[] = [
        ...Array.from({ length: lead }, () => ({ stage: 'lead', state: 'waiting' })),
        ...(gated ? [{ stage: 'gate', state: 'waiting' }] : []),
        ...Array.from({ length: rest }, () => ({ stage: 'go', state: 'waiting' })),
        { stage: 'proof', state: 'waiting' },
      ];
      for (const { pick, end, begin } of story) oneTurn(rows, phasesOf(stages), { pick, end, begin });
      expect(rows.every(({ state }) => settled.has(state))).toBe(true);
    }),
  );
});

/** Carries the rows on as a worker does: the first phase that is not through, so many at a time. */
function oneTurn(
  rows: Row[],
  phases: ReturnType<typeof phasesOf>,
  { pick, end, begin }: { pick: number; end: string; begin: boolean },
) {
  const open = phases
    .map((phase) => openStages(phase, rows))
    .find(({ stages }) => rows.some((row) => stages.has(row.stage) && !settled.has(row.state)));
  if (open === undefined) return;
  const going = rows.filter(({ state }) => state === 'running');
  const may = rows.filter(({ stage: of, state }) => open.stages.has(of) && state === 'waiting');
  const next = going.length < open.last.lanes ? may[pick % Math.max(1, may.length)] : undefined;
  if (next !== undefined && (begin || going.length === 0)) start(next, rows);
  else {
    const over = going[pick % Math.max(1, going.length)];
    expect(over).toBeDefined();
    if (over !== undefined) over.state = end;
  }
}

function start(row: Row, rows: readonly Row[]): void {
  const lead = rows.filter(({ stage: of }) => of === 'lead');
  const left = lead.some(({ state }) => state === 'done') || lead.every(({ state }) => settled.has(state));
  if (row.stage !== 'lead') expect(left).toBe(true);
  if (row.stage === 'go') expect(rows.every(({ stage: of, state }) => of !== 'gate' || settled.has(state))).toBe(true);
  if (row.stage === 'proof') expect(rows.every((one) => one === row || settled.has(one.state))).toBe(true);
  row.state = 'running';
}
