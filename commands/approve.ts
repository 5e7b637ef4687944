import { z } from 'zod';
import { control, option, positional } from '../src/command/make.ts';

export default control({
  summary: 'Let a plan run that somebody else asked for',
  examples: ['approve 7f3a', 'approve', 'approve 7f3a --break-glass "cmp1 is on fire, nobody else is awake"'],
  role: 'reader',
  risk: 'change',
  details: [
    'Without an id: the only plan that waits here.',
    'Nobody approves what they asked for themselves, in any chat.',
    '--break-glass lets one person alone run it where the policy allows that; it is announced and audited.',
  ],
  args: {
    id: positional(z.string().optional(), 'the plan, as its card names it'),
    breakGlass: option(z.string().optional(), 'why it cannot wait for another person'),
  },
  run: ({ id, breakGlass }, desk) => desk.approve(id ?? null, { breakGlass: breakGlass ?? null }),
});
