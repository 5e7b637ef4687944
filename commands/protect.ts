import { z } from 'zod';
import { Reason, Until, untilDate } from '../src/command/args.ts';
import { change, flag, option, step } from '../src/command/make.ts';
import { protectPlan } from '../src/command/protect/plan.ts';
import { protectReport } from '../src/command/protect/report.ts';
import { selectionOf, selectors } from '../src/command/protect/selection.ts';
import { FlagInput, LockInput, RecordInput, record, setFlag, setLock } from '../src/command/protect/steps.ts';

export default change({
  summary: 'Keep a server from being deleted, by whomever',
  examples: [
    'protect db-1 --reason "master database" --until 3d',
    'protect 6f1c0b3e --lock --move',
    'protect --project payroll --reason "end of the year" --until 2w',
    'protect --file precious',
  ],
  role: 'operator',
  risk: 'change',
  details: [
    'Sets disable_terminate in the server’s cell database: Nova then answers every delete with success and does nothing.',
    'It is recorded with owner, reason and end. When the end comes the owner is told; nothing is undone by itself.',
    'With --project, --tag or --file every server is a row of the plan, and another person says yes to exactly these.',
    'A list is a file in the folder that vigie.lists names in the worker’s clouds.yaml: a uuid at the beginning of each line.',
    'Afterwards flag, lock and record are watched: what another hand changes is told here, with who asked Nova for it.',
  ],
  args: {
    ...selectors,
    until: option(Until.optional(), 'when it should end: its owner is told then'),
    reason: option(Reason.optional(), 'why, shown to whoever meets the protection'),
    lock: flag(z.literal(true).optional(), 'also lock it in Nova: its owner cannot stop, reboot or resize it'),
    move: flag(z.literal(true).optional(), 'also keep it on its host: no drain moves it'),
  },
  steps: { flag: step(FlagInput, setFlag), lock: step(LockInput, setLock), record: step(RecordInput, record) },
  plan: ({ server, project, tag, file, until, reason, lock, move }, context) =>
    protectPlan(
      selectionOf({ server, project, tag, file }),
      {
        reason,
        until: until === undefined ? null : untilDate(until, context.now),
        lock: lock ?? false,
        move: move ?? false,
      },
      context,
    ),
  report: protectReport,
});
