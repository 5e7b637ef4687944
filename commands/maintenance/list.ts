import { maintenances } from '../../src/command/drain/host-overview.ts';
import { query } from '../../src/command/make.ts';

export default query({
  summary: 'Every host that is disabled or in maintenance: who, why, how long, what is left',
  examples: ['maintenance list'],
  role: 'reader',
  args: {},
  answer: (_values, context) => maintenances(context),
});
