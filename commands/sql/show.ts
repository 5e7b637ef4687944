import { positional, query } from '../../src/command/make.ts';
import { RunbookName } from '../../src/command/sql/name.ts';
import { showRunbook } from '../../src/command/sql/shelf.ts';

export default query({
  summary: 'A runbook: its parameters, what must hold, its statements, and what the API can do instead',
  examples: ['sql show task-state'],
  role: 'reader',
  args: { name: positional(RunbookName, 'as sql list names it') },
  answer: ({ name }, context) => showRunbook(name, context),
});
