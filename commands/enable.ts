import { z } from 'zod';
import { HostName } from '../src/command/args.ts';
import { restoreReport } from '../src/command/drain/cordon-report.ts';
import { restorePlan } from '../src/command/drain/host-plans.ts';
import { restoreSteps } from '../src/command/drain/restore-steps.ts';
import { change, flag, positional } from '../src/command/make.ts';

export default change({
  summary: 'Let servers come to a host again that vigie had closed',
  examples: ['enable cmp1', 'enable cmp1 --adopt'],
  role: 'operator',
  risk: 'change',
  args: {
    host: positional(HostName, 'the compute host, by its exact name'),
    adopt: flag(z.literal(true).optional(), 'enables it even if another hand disabled it'),
    unchecked: flag(z.literal(true).optional(), 'opens it without waiting until it is up and well'),
  },
  steps: restoreSteps,
  plan: ({ host, adopt, unchecked }, context) => {
    const wish = { adopt: adopt ?? false, unchecked: unchecked ?? false, back: false };
    return restorePlan({ host, verb: `enable ${host}`, ...wish }, context);
  },
  report: restoreReport,
});
