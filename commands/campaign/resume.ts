import { JobId, Names } from '../../src/command/args.ts';
import { control, option, positional } from '../../src/command/make.ts';

export default control({
  summary: 'Let a paused campaign go on: what failed is tried again, or left aside',
  examples: ['campaign resume', 'campaign resume 4c1e --aside cmp7'],
  role: 'operator',
  risk: 'change',
  args: {
    id: positional(JobId.optional(), 'the campaign; without it the only one that is open'),
    aside: option(Names.default([]), 'hosts that it goes on without, as cmp7,cmp8'),
  },
  run: ({ id, aside }, desk) => desk.campaignResume(id ?? null, aside),
});
