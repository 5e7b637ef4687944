import { z } from 'zod';
import { change, option, positional, step } from '../../src/command/make.ts';
import {
  CountInput,
  countRestored,
  RestoreInput,
  restorePart,
  restorePlan,
  restoreReport,
} from '../../src/command/tokens/restore-plan.ts';

const File = z
  .string()
  .regex(/^[\w.-]{1,200}$/, 'an archive is named as the report of its purge names the file, without its folder');
const Into = z.literal('scratch', 'the only place to restore into is scratch: production is not restored from chat');

export default change({
  summary: 'Put archived tokens into the scratch database, to look at them',
  examples: ['tokens restore tokens-prod-eu-20261125-7f3a --into scratch'],
  role: 'operator',
  risk: 'change',
  details: [
    'FILE is an archive’s name, or one of its files. The scratch database (vigie.scratch) must be empty.',
    'A sealed archive needs a worker with its private key; docs/archives.md opens one without vigie’s bot.',
  ],
  args: {
    file: positional(File, 'the archive’s name, or one of its files'),
    into: option(Into, 'scratch: the database in vigie.scratch'),
  },
  steps: { restore: step(RestoreInput, restorePart), count: step(CountInput, countRestored) },
  plan: ({ file }, context) => restorePlan(file, context),
  report: restoreReport,
});
