import { hostList } from '../src/command/inventory/hosts.ts';
import { query } from '../src/command/make.ts';

export default query({
  summary: 'The compute hosts of a cloud: service, servers, what is used, why disabled',
  examples: ['hosts', 'hosts --cloud all'],
  role: 'reader',
  args: {},
  answer: (_values, context) => hostList(context),
});
