import { z } from 'zod';
import { control, flag, option, positional } from '../src/command/make.ts';

export default control({
  summary: 'Let a plan run that somebody else asked for',
  examples: [
    'approve 7f3a',
    'approve',
    'approve 7f3a 9c1d',
    'approve 7f3a --withdraw',
    'approve 7f3a --break-glass "cmp1 is on fire, nobody else is awake"',
  ],
  role: 'reader',
  risk: 'change',
  details: [
    'Without an id: the only plan that waits here.',
    'Nobody approves what they asked for themselves, in any chat.',
    "Where the policy wants a yes typed, the code on the plan's card stands behind the id.",
    '--withdraw takes your approval back, as long as the job has not begun.',
    '--break-glass lets one person alone run it where the policy allows that; it is announced and audited.',
  ],
  args: {
    id: positional(z.string().optional(), 'the plan, as its card names it'),
    code: positional(z.string().optional(), 'the code on the card, where the policy asks for it'),
    withdraw: flag(z.literal(true).optional(), 'take your approval back'),
    breakGlass: option(z.string().optional(), 'why it cannot wait for another person'),
  },
  run: ({ id, code, breakGlass, withdraw }, desk) =>
    withdraw === true
      ? desk.withdraw(id ?? null)
      : desk.approve(id ?? null, { code: code ?? null, breakGlass: breakGlass ?? null }),
});
