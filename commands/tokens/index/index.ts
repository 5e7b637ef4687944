import { change, step } from '../../../src/command/make.ts';
import { createIndex, IndexInput, indexPlan, indexReport } from '../../../src/command/tokens/index-plan.ts';

export default change({
  summary: 'Make the indexes of Keystone’s token table that its release wants and that are missing',
  examples: ['tokens index'],
  role: 'operator',
  risk: 'disruptive',
  details: [
    'By the names the release’s own migrations gave them, online; it says first what each costs.',
    'Never on Grizzly or older: the migration to Havana makes them itself and fails where they are.',
  ],
  args: {},
  steps: { create: step(IndexInput, createIndex) },
  plan: (_values, context) => indexPlan(context),
  report: indexReport,
});
