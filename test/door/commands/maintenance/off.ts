import { z } from 'zod';
import { change, flag, positional } from '../../../../src/command/make.ts';
import { HostName } from '../../../../src/openstack/names.ts';
import { done } from './_words.ts';

export default change({
  words: 'maintenance <host> off',
  summary: 'Take a host back into service',
  examples: ['maintenance cmp1 off'],
  role: 'operator',
  risk: 'change',
  args: {
    host: positional(HostName, 'compute host'),
    adopt: flag(z.boolean().default(false), 'also what another hand disabled'),
  },
  steps: {},
  plan: async ({ host }) => ({ title: `Enable ${host}`, stages: [{ name: 'all' }], steps: [] }),
  report: () => ({ title: done, tone: 'good', blocks: [] }),
});
