import { maintenances } from '../../src/command/drain/host-overview.ts';
import { query } from '../../src/command/make.ts';

export default query({
  short: 'maintenance',
  summary: 'Every host that is disabled or in maintenance: who, why, how long, what is left',
  examples: ['maintenance', 'maintenance list', 'maintenance --cloud all'],
  role: 'reader',
  args: {},
  answer: (_values, context) => maintenances(context),
});
