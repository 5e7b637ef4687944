import { z } from 'zod';
import { HostName } from '../src/command/args.ts';
import { restoreReport } from '../src/command/drain/cordon-report.ts';
import { restorePlan } from '../src/command/drain/host-plans.ts';
import { RestoreInput, restore } from '../src/command/drain/restore.ts';
import { change, flag, positional, step } from '../src/command/make.ts';

export default change({
  summary: 'Let servers come to a host again that vigie had closed',
  examples: ['enable cmp1', 'enable cmp1 --adopt'],
  role: 'operator',
  risk: 'change',
  args: {
    host: positional(HostName, 'the compute host, by its exact name'),
    adopt: flag(z.literal(true).optional(), 'enables it even if another hand disabled it'),
  },
  steps: { restore: step(RestoreInput, restore) },
  plan: ({ host, adopt }, context) => restorePlan({ host, adopt: adopt ?? false, verb: `enable ${host}` }, context),
  report: restoreReport,
});
