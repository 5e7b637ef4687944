import { z } from 'zod';
import { Reason } from '../src/command/args.ts';
import { change, flag, option, step } from '../src/command/make.ts';
import { unprotectReport } from '../src/command/protect/report.ts';
import { selectionOf, selectors } from '../src/command/protect/selection.ts';
import { unprotectPlan } from '../src/command/protect/unprotect-plan.ts';
import {
  clearFlag,
  clearLock,
  ForgetInput,
  forget,
  UnflagInput,
  UnlockInput,
} from '../src/command/protect/unprotect-steps.ts';

export default change({
  summary: 'Let a server be deleted again that vigie protects',
  examples: ['unprotect db-1', 'unprotect db-1 --reason "alice is away, db-1 is replaced"', 'unprotect --job 7f3a'],
  role: 'operator',
  risk: 'change',
  details: [
    'Puts back what vigie changed: a flag that was set before stays, and only a lock with vigie’s own reason is taken off.',
    'Another’s protection ends with a --reason, or with another person’s yes; whoever protected it is told where that was said.',
    '--project, --tag, --file and --job mean what vigie recorded of them; of several servers the plan needs a yes.',
  ],
  args: {
    ...selectors,
    job: option(z.string().optional(), 'every server that this job protected'),
    reason: option(Reason.optional(), 'why it ends, where another person protects it'),
    adopt: flag(z.literal(true).optional(), 'also clears a flag that another hand has set'),
  },
  steps: {
    unlock: step(UnlockInput, clearLock),
    unflag: step(UnflagInput, clearFlag),
    forget: step(ForgetInput, forget),
  },
  plan: ({ server, project, tag, file, job, reason, adopt }, context) =>
    unprotectPlan(selectionOf({ server, project, tag, file, job }), { reason, adopt: adopt ?? false }, context),
  report: unprotectReport,
});
