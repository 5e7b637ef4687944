import { JobId } from '../src/command/args.ts';
import { mayPost } from '../src/command/drain/lane-rules.ts';
import { move } from '../src/command/drain/move.ts';
import { MoveInput } from '../src/command/drain/move-intent.ts';
import { returnPlan } from '../src/command/drain/return-plan.ts';
import { returnReport } from '../src/command/drain/return-report.ts';
import { change, positional, step } from '../src/command/make.ts';

export default change({
  summary: 'Bring the servers that a drain moved away back to their host',
  examples: ['return 7f3a'],
  details: [
    'Only what that job moved, and only from where it put it: who was moved on by another hand since stays there.',
    'The host must be open; while it is in maintenance, maintenance HOST off --return opens it first.',
  ],
  role: 'operator',
  risk: 'disruptive',
  args: { job: positional(JobId, 'the drain, as its card names it') },
  steps: { move: step(MoveInput, move, mayPost) },
  plan: ({ job }, context) => returnPlan(job, context),
  report: returnReport,
});
