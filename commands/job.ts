import { z } from 'zod';
import { control, positional } from '../src/command/make.ts';

export default control({
  summary: 'The card of a job as it stands, or its log: every step, note and time',
  examples: ['job 7f3a', 'job 7f3a log'],
  role: 'reader',
  args: {
    id: positional(z.string(), 'the job, as its card names it'),
    what: positional(z.enum(['card', 'log']).default('card'), 'card or log'),
  },
  run: ({ id, what }, desk) => desk.job(id, what),
});
