import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bounds, boundsOf, type Firing, outside } from '../../src/jobs/standing.ts';

const wish = { schedule: '4c1e', cron: '*/10 * * * *', zone: 'UTC', until: '2027-01-01T00:00:00.000Z' };
const slot = new Date('2026-12-01T10:20:00Z');
const risks = ['read', 'change', 'disruptive', 'destructive'] as const;

const row = fc.record({
  key: fc.string(),
  verdict: fc.constantFrom('skip', 'live', 'cold', 'stop', '__proto__', 'constructor'),
  weight: fc.integer({ min: 0, max: 5 }),
  label: fc.string(),
  why: fc.string(),
});
const claim = fc.constantFrom('host:c/a', 'host:c/b', 'server:c/1', 'server:c/2', 'thing:x');
const plan = fc.record({
  rows: fc.array(row, { maxLength: 6 }),
  claims: fc.uniqueArray(claim),
  size: fc.nat({ max: 20 }),
  steps: fc.array(
    fc.record({
      key: fc.string(),
      step: fc.constantFrom('cordon', 'move', 'proof'),
      input: fc.constant(null),
      stage: fc.constant('go'),
      label: fc.string(),
    }),
    { maxLength: 4 },
  ),
});
const firing: fc.Arbitrary<Firing> = fc.record({
  schedule: fc.constant('4c1e'),
  line: fc.constant('sweep a --cloud c'),
  cloud: fc.constant('c'),
  human: fc.constant('alice'),
  slot: fc.constant(slot),
  risk: fc.constantFrom(...risks),
  plan,
});

function inTime(bounds: Bounds, one: Firing): string | null {
  return outside(bounds, one, new Date(slot.getTime() + 30_000));
}

test('the plan that was shown is inside its own bounds', () => {
  fc.assert(
    fc.property(firing, (shown) => {
      const bounds = boundsOf({ ...wish, max: Math.max(1, shown.plan.size) }, shown);
      expect(inTime(bounds, shown)).toBeNull();
    }),
  );
});

test('inside means: nothing larger, nothing harsher, nothing else', () => {
  fc.assert(
    fc.property(firing, firing, fc.integer({ min: 1, max: 20 }), (shown, today, max) => {
      if (inTime(boundsOf({ ...wish, max }, shown), today) !== null) return;
      expect(today.plan.size).toBeLessThanOrEqual(max);
      expect(risks.indexOf(today.risk)).toBeLessThanOrEqual(risks.indexOf(shown.risk));
      for (const act of today.plan.rows.filter(({ weight }) => weight > 0)) {
        const alike = shown.plan.rows.filter(({ verdict }) => verdict === act.verdict);
        expect(Math.max(0, ...alike.map(({ weight }) => weight))).toBeGreaterThanOrEqual(act.weight);
      }
      for (const { step } of today.plan.steps) expect(shown.plan.steps.map((one) => one.step)).toContain(step);
      for (const held of today.plan.claims.filter((one) => !one.startsWith('server:')))
        expect(shown.plan.claims).toContain(held);
      if (!shown.plan.claims.some((one) => one.startsWith('host:')))
        for (const held of today.plan.claims) expect(shown.plan.claims).toContain(held);
    }),
  );
});

test('a smaller and milder plan than one inside is inside', () => {
  fc.assert(
    fc.property(firing, fc.nat(), (shown, pick) => {
      const bounds = boundsOf({ ...wish, max: Math.max(1, shown.plan.size) }, shown);
      const { rows, steps, claims, size } = shown.plan;
      const smaller = {
        rows: rows
          .filter((_, index) => index !== pick % 7)
          .map((one) => ({ ...one, weight: Math.max(0, one.weight - 1) })),
        steps: steps.slice(pick % 2),
        claims: claims.slice(pick % 3),
        size: Math.max(0, size - 1),
      };
      expect(inTime(bounds, { ...shown, risk: 'read', plan: smaller })).toBeNull();
    }),
  );
});

test('another line, person, cloud or schedule, another time and after the end are outside', () => {
  fc.assert(
    fc.property(firing, fc.constantFrom('schedule', 'line', 'cloud', 'human'), fc.string(), (shown, key, other) => {
      const bounds = boundsOf({ ...wish, max: 20 }, shown);
      fc.pre(other !== shown[key]);
      expect(inTime(bounds, { ...shown, [key]: other })).toContain('another');
      expect(inTime(bounds, { ...shown, slot: null })).toContain('not the time');
      expect(inTime(bounds, { ...shown, slot: new Date('2026-12-01T10:21:00Z') })).toContain('not the time');
      expect(outside(bounds, shown, new Date(slot.getTime() + 3_700_000))).toContain('not the time');
      expect(outside(bounds, shown, new Date('2027-01-01T00:00:01Z'))).toContain('ended');
    }),
  );
});
