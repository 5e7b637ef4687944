import { HostName } from '../../src/command/args.ts';
import { hostStatus } from '../../src/command/drain/host-overview.ts';
import { positional, query } from '../../src/command/make.ts';

export default query({
  words: 'maintenance <host> status',
  summary: 'Whose maintenance a host is in, what is left on it, what moves just now',
  examples: ['maintenance cmp1 status'],
  role: 'reader',
  args: { host: positional(HostName, 'the compute host, by its exact name') },
  answer: ({ host }, context) => hostStatus(host, context),
});
