import { z } from 'zod';
import { control, flag, positional } from '../src/command/make.ts';

export default control({
  summary: 'Stop a job: what runs finishes, nothing new starts',
  examples: ['cancel 7f3a', 'cancel', 'cancel 7f3a --now'],
  role: 'reader',
  risk: 'change',
  details: [
    '--now also aborts what runs, where the cloud can.',
    'What was done stays done; the card lists what was done and what is left.',
  ],
  args: {
    id: positional(z.string().optional(), 'the job, as its card names it'),
    now: flag(z.boolean().default(false), 'abort what runs too'),
  },
  run: ({ id, now }, desk) => desk.cancel(id ?? null, { now }),
});
