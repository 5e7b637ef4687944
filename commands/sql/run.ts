import { z } from 'zod';
import { change, option, positional, rest, step } from '../../src/command/make.ts';
import { RunbookName } from '../../src/command/sql/name.ts';
import { runPlan } from '../../src/command/sql/run-plan.ts';
import { EditInput, runEdit, runReport } from '../../src/command/sql/run-step.ts';

export default change({
  summary: 'Edit rows of an operators’ database by a runbook, shown first and approved row by row',
  examples: [
    'sql run task-state server=web-1 guest=shutoff',
    'sql run --cell 8561f208-1e89-4668-a2ea-98482f5299ef quota-usage project=4f1c0b3e resource=cores',
  ],
  role: 'operator',
  risk: 'disruptive',
  details: [
    'What is approved is the rows as they were shown: one that changes until then is shown again, or refused.',
    'All in one transaction; each row is kept as it was on the worker’s disk, and sql undo puts it back.',
    'There is no SQL to type: what no runbook does is not done from chat.',
  ],
  args: {
    cell: option(z.uuid('a cell is named by its uuid').optional(), 'which cell, where no parameter is a server'),
    name: positional(RunbookName, 'the runbook, as sql list names it'),
    parameters: rest(z.string().optional(), 'NAME=VALUE, as sql show tells them'),
  },
  steps: { edit: step(EditInput, runEdit) },
  plan: (wish, context) => runPlan(wish, context),
  report: runReport,
});
