import { query } from '../../src/command/make.ts';
import { listRunbooks } from '../../src/command/sql/shelf.ts';

export default query({
  summary: 'The runbooks this cloud’s worker has: edits of a database that were thought about before',
  examples: ['sql list', 'sql list --cloud prod-eu'],
  role: 'reader',
  details: ['A file that is no runbook is named with the line that is wrong. docs/runbooks.md says how to write one.'],
  args: {},
  answer: (_values, context) => listRunbooks(context),
});
