import { HostName } from '../src/command/args.ts';
import { hostView } from '../src/command/inventory/host.ts';
import { positional, query } from '../src/command/make.ts';

export default query({
  summary: 'One compute host: service, who disabled it and why, its servers, what moves just now',
  examples: ['host cmp1'],
  role: 'reader',
  args: { host: positional(HostName, 'the compute host, by its exact name') },
  answer: ({ host }, context) => hostView(host, context),
});
