import { z } from 'zod';
import { ServerReference } from '../src/command/args.ts';
import { change, flag, positional, step } from '../src/command/make.ts';
import { unprotectReport } from '../src/command/protect/report.ts';
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
  examples: ['unprotect db-1', 'unprotect 6f1c0b3e --adopt'],
  role: 'operator',
  risk: 'change',
  details: [
    'Puts back what vigie changed: a flag that was set before stays, and only a lock with vigie’s own reason is taken off.',
  ],
  args: {
    server: positional(ServerReference, 'uuid, the beginning of one, or the exact name'),
    adopt: flag(z.literal(true).optional(), 'also ends what another hand, or another person, has set'),
  },
  steps: {
    unlock: step(UnlockInput, clearLock),
    unflag: step(UnflagInput, clearFlag),
    forget: step(ForgetInput, forget),
  },
  plan: ({ server, adopt }, context) => unprotectPlan({ server, adopt: adopt ?? false }, context),
  report: unprotectReport,
});
