import { z } from 'zod';
import { HostName } from '../../src/command/args.ts';
import { restoreReport } from '../../src/command/drain/cordon-report.ts';
import { restorePlan } from '../../src/command/drain/host-plans.ts';
import { restoreSteps } from '../../src/command/drain/restore-steps.ts';
import { change, flag, option, positional } from '../../src/command/make.ts';

export default change({
  words: 'maintenance <host> off',
  summary: 'End the maintenance of a host: enable it, or put it back as it was found',
  examples: [
    'maintenance cmp1 off',
    'maintenance cmp1 off --return',
    'maintenance cmp1 off --adopt',
    'maintenance cmp1 off --work reboot',
  ],
  details: [
    'Undoes only what vigie did: a host disabled by another hand stays so, unless --adopt.',
    'A drained host is opened once nova-compute is up and the network agents that were alive before are again.',
    'No server is brought back without --return, which needs an approval, for guests move.',
    '--work needs an approval, too; it runs only while the host is disabled and no server is on it.',
  ],
  role: 'operator',
  risk: 'change',
  args: {
    host: positional(HostName, 'the compute host, by its exact name'),
    adopt: flag(z.literal(true).optional(), 'enables it even if another hand disabled it'),
    return: flag(z.literal(true).optional(), 'also brings back what vigie moved away, where it still is'),
    work: option(z.string().optional(), "the operators' own program that does the work on the host first, by name"),
    unchecked: flag(z.literal(true).optional(), 'opens it without waiting until it is up and well'),
  },
  steps: restoreSteps,
  plan: ({ host, adopt, unchecked, return: back, work }, context) => {
    const wish = { adopt: adopt ?? false, unchecked: unchecked ?? false, back: back ?? false, work };
    return restorePlan({ host, verb: `maintenance ${host} off`, ...wish }, context);
  },
  report: restoreReport,
});
