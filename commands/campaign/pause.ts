import { z } from 'zod';
import { JobId } from '../../src/command/args.ts';
import { control, positional, rest } from '../../src/command/make.ts';

export default control({
  summary: 'Begin no other host of a campaign for now; what has begun goes on',
  examples: ['campaign pause 4c1e', 'campaign pause 4c1e the new kernel panics'],
  role: 'operator',
  risk: 'change',
  args: {
    id: positional(JobId, 'the campaign, as campaign list names it'),
    reason: rest(z.string().max(200, 'at most 200 characters').optional(), 'why'),
  },
  run: ({ id, reason }, desk) => desk.campaignPause(id, reason ?? null),
});
