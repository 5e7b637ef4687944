import { change, option, step } from '../../src/command/make.ts';
import { Before } from '../../src/command/tokens/cutoff.ts';
import { archivePlan } from '../../src/command/tokens/sweep-plan.ts';
import { sweepReport } from '../../src/command/tokens/sweep-report.ts';
import { SweepInput, sweepTokens } from '../../src/command/tokens/sweep-step.ts';

export default change({
  summary: 'Write expired tokens to an archive on the worker’s disk and delete nothing',
  examples: ['tokens archive', 'tokens archive --before 30d'],
  role: 'operator',
  risk: 'change',
  details: [
    'Rows as SQL in zstd frames, sealed to the key in vigie.archive, with a manifest beside them.',
    'tokens restore puts them into a scratch database; docs/archives.md has the one line that works without vigie.',
  ],
  args: {
    before: option(Before.optional(), 'only what expired before then: 30d, 2026-01-01 (default, and latest: 48h)'),
  },
  steps: { sweep: step(SweepInput, sweepTokens) },
  plan: ({ before }, context) => archivePlan(before, context),
  report: sweepReport,
});
