import { HostName, JobId } from '../../src/command/args.ts';
import { control, positional } from '../../src/command/make.ts';

export default control({
  summary: 'The work on a host of a campaign is done: it is opened again, and the next one follows',
  examples: ['campaign done cmp7', 'campaign done cmp7 4c1e'],
  role: 'operator',
  risk: 'change',
  args: {
    host: positional(HostName, 'the compute host, by its exact name'),
    id: positional(JobId.optional(), 'the campaign, where two clouds have a host of that name'),
  },
  run: ({ host, id }, desk) => desk.campaignDone(host, id ?? null),
});
