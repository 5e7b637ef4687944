import { z } from 'zod';
import { HostName } from '../../src/command/args.ts';
import { restoreReport } from '../../src/command/drain/cordon-report.ts';
import { restorePlan } from '../../src/command/drain/host-plans.ts';
import { RestoreInput, restore } from '../../src/command/drain/restore.ts';
import { change, flag, positional, step } from '../../src/command/make.ts';

export default change({
  words: 'maintenance <host> off',
  summary: 'End the maintenance of a host: enable it, or put it back as it was found',
  examples: ['maintenance cmp1 off', 'maintenance cmp1 off --adopt'],
  details: [
    'Undoes only what vigie did: a host disabled by another hand stays so, unless --adopt.',
    'No server is brought back.',
  ],
  role: 'operator',
  risk: 'change',
  args: {
    host: positional(HostName, 'the compute host, by its exact name'),
    adopt: flag(z.literal(true).optional(), 'enables it even if another hand disabled it'),
  },
  steps: { restore: step(RestoreInput, restore) },
  plan: ({ host, adopt }, context) =>
    restorePlan({ host, adopt: adopt ?? false, verb: `maintenance ${host} off` }, context),
  report: restoreReport,
});
