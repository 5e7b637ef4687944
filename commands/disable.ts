import { z } from 'zod';
import { HostName, Reason, Until } from '../src/command/args.ts';
import { CordonInput, cordon } from '../src/command/drain/cordon.ts';
import { cordonReport } from '../src/command/drain/cordon-report.ts';
import { hostEnd } from '../src/command/drain/host-end.ts';
import { cordonPlan } from '../src/command/drain/host-plans.ts';
import { change, flag, option, positional, step } from '../src/command/make.ts';

export default change({
  summary: 'Let no new server come to a host; its servers stay',
  examples: ['disable cmp1 --reason "disk errors"', 'disable cmp1 --reason burn-in --until 12h'],
  role: 'operator',
  risk: 'change',
  args: {
    host: positional(HostName, 'the compute host, by its exact name'),
    reason: option(Reason, 'why, kept with the host and shown to everyone'),
    until: option(Until.optional(), 'when it should be over: its owner is told then'),
    adopt: flag(z.literal(true).optional(), 'takes over a host that another hand has disabled'),
  },
  steps: { cordon: step(CordonInput, cordon) },
  plan: ({ host, reason, until, adopt }, context) =>
    cordonPlan({ host, reason, until: hostEnd(until, context), adopt: adopt ?? false }, context),
  report: cordonReport,
});
