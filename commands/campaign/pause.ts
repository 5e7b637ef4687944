import { JobId, Reason } from '../../src/command/args.ts';
import { control, option, positional } from '../../src/command/make.ts';

export default control({
  summary: 'Begin no other host of a campaign for now; what has begun goes on',
  examples: ['campaign pause', 'campaign pause 4c1e --reason "the new kernel panics"'],
  role: 'operator',
  risk: 'change',
  args: {
    id: positional(JobId.optional(), 'the campaign; without it the only one that is open'),
    reason: option(Reason.optional(), 'why'),
  },
  run: ({ id, reason }, desk) => desk.campaignPause(id ?? null, reason ?? null),
});
