import { JobId } from '../../src/command/args.ts';
import { control, positional } from '../../src/command/make.ts';

export default control({
  summary: 'End a campaign for good; says what is done, in work and left',
  examples: ['campaign stop 4c1e'],
  details: [
    'A host that is being emptied is emptied to the end; its job can be cancelled. Hosts that are closed stay so.',
  ],
  role: 'operator',
  risk: 'change',
  args: { id: positional(JobId.optional(), 'the campaign; without it the only one that is open') },
  run: ({ id }, desk) => desk.campaignStop(id ?? null),
});
