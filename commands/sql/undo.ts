import { JobId } from '../../src/command/args.ts';
import { change, positional, step } from '../../src/command/make.ts';
import { runUndo, UndoInput, undoPlan, undoReport } from '../../src/command/sql/undo.ts';

export default change({
  summary: 'Put the rows that a sql run changed back as they were, exactly or not at all',
  examples: ['sql undo 7f3a'],
  role: 'operator',
  risk: 'disruptive',
  details: [
    'Refused where somebody else changed one of the rows since: it says which, and nothing is restored.',
    'The rows as they were lie on the disk of the worker that ran the job.',
  ],
  args: { job: positional(JobId, 'the job that ran the runbook') },
  steps: { undo: step(UndoInput, runUndo) },
  plan: ({ job }, context) => undoPlan(job, context),
  report: undoReport,
});
