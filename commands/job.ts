import { z } from 'zod';
import { control, positional } from '../src/command/make.ts';

export default control({
  summary: 'The card of a job as it stands, its log (every step, note and time), or the file of a long answer',
  examples: ['job 7f3a', 'job 7f3a log', 'job 7f3a file 2'],
  role: 'reader',
  args: {
    id: positional(z.string(), 'the job, as its card names it'),
    what: positional(z.enum(['card', 'log', 'file']).default('card'), 'card, log or file'),
    page: positional(z.coerce.number().int().min(1).default(1), 'page of the file'),
  },
  run: ({ id, what, page }, desk) => desk.job(id, what, page),
});
