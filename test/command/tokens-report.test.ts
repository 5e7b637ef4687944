import { expect, test } from 'vitest';
import type { EndedJob } from '../../src/command/command.ts';
import { sweepReport } from '../../src/command/tokens/sweep-report.ts';

function said(table: string, output: { deleted: number; backedUp?: boolean }): string {
  const ended = { label: '', state: 'done', note: '', checkpoint: null, seconds: 1, output: null };
  const input = { table, cutoff: '2026-11-27 12:00:00', archive: false, purge: true, index: null, expected: null };
  const job = {
    id: 'a1b2',
    state: 'done',
    line: 'tokens purge',
    cloud: 'prod',
    seconds: 60,
    steps: [
      { ...ended, key: 'sweep', step: 'sweep', input, output: { archived: 0, again: 0, parts: [], ...output } },
      { ...ended, key: 'prove', step: 'prove', input },
    ],
  };
  return JSON.stringify(sweepReport(job as unknown as EndedJob)); // the report does not look at the plan
}

test('after a large purge it says what the next backup will think of it, where there are backups', () => {
  const words = 'The next backup may be refused as far smaller than the last proven one';
  expect(said('token', { deleted: 500_000, backedUp: true })).toContain(words);
  expect(said('token', { deleted: 500_000, backedUp: false })).not.toContain(words);
  expect(said('token', { deleted: 500, backedUp: true })).not.toContain(words);
});

test('it says which table was purged', () => {
  expect(said('revocation_event', { deleted: 1 })).toContain('1 old revocation of prod purged');
  expect(said('revocation_event', { deleted: 1 })).toContain('OPTIMIZE TABLE revocation_event');
  expect(said('token', { deleted: 2 })).toContain('2 expired tokens of prod purged');
});
