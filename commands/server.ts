import { ServerReference } from '../src/command/args.ts';
import { serverView } from '../src/command/inventory/server.ts';
import { positional, query } from '../src/command/make.ts';

export default query({
  summary: 'One server: where it is, whose, how it stands, what happened to it lately',
  examples: ['server web-01', 'server 6f1c'],
  role: 'reader',
  args: { server: positional(ServerReference, 'uuid, its first 4 characters or more, or the exact name') },
  answer: ({ server }, context) => serverView(server, context),
});
