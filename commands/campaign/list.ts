import { JobId } from '../../src/command/args.ts';
import { control, positional } from '../../src/command/make.ts';

export default control({
  short: 'campaign',
  summary: 'The campaigns and how far they are, or every host of one',
  examples: ['campaign', 'campaign list', 'campaign list 4c1e'],
  role: 'reader',
  args: { id: positional(JobId.optional(), 'one campaign, by its id') },
  run: ({ id }, desk) => desk.campaignList(id ?? null),
});
