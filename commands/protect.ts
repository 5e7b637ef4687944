import { z } from 'zod';
import { Reason, ServerReference, Until, untilDate } from '../src/command/args.ts';
import { change, flag, option, positional, step } from '../src/command/make.ts';
import { protectPlan } from '../src/command/protect/plan.ts';
import { protectReport } from '../src/command/protect/report.ts';
import { FlagInput, LockInput, RecordInput, record, setFlag, setLock } from '../src/command/protect/steps.ts';

export default change({
  summary: 'Keep a server from being deleted, by whomever',
  examples: ['protect db-1 --reason "master database" --until 3d', 'protect 6f1c0b3e --lock --move'],
  role: 'operator',
  risk: 'change',
  details: [
    'Sets disable_terminate in the server’s cell database: Nova then answers every delete with success and does nothing.',
    'It is recorded with owner, reason and end. When the end comes the owner is told; nothing is undone by itself.',
  ],
  args: {
    server: positional(ServerReference, 'uuid, the beginning of one, or the exact name'),
    until: option(Until.optional(), 'when it should end: its owner is told then'),
    reason: option(Reason.optional(), 'why, shown to whoever meets the protection'),
    lock: flag(z.literal(true).optional(), 'also lock it in Nova: its owner cannot stop, reboot or resize it'),
    move: flag(z.literal(true).optional(), 'also keep it on its host: no drain moves it'),
  },
  steps: { flag: step(FlagInput, setFlag), lock: step(LockInput, setLock), record: step(RecordInput, record) },
  plan: ({ server, until, reason, lock, move }, context) =>
    protectPlan(
      {
        server,
        reason,
        until: until === undefined ? null : untilDate(until, context.now),
        lock: lock ?? false,
        move: move ?? false,
      },
      context,
    ),
  report: protectReport,
});
