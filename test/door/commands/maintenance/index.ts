import { z } from 'zod';
import { change, option, positional } from '../../../../src/command/make.ts';
import { HostName } from '../../../../src/openstack/names.ts';

export default change({
  summary: 'Empty a compute host',
  examples: ['maintenance cmp1', 'maintenance cmp1 --reason "PSU swap"'],
  role: 'operator',
  risk: 'disruptive',
  args: {
    host: positional(HostName, 'compute host to empty'),
    reason: option(z.string().max(20).optional(), 'why'),
  },
  steps: {},
  plan: async ({ host }) => ({ title: `Drain ${host}`, stages: [{ name: 'all' }], steps: [] }),
  report: () => ({ title: 'Drained', tone: 'good', blocks: [] }),
});
