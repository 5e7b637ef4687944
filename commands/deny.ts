import { z } from 'zod';
import { control, option, positional } from '../src/command/make.ts';

export default control({
  summary: 'Refuse a plan: it ends, nothing is touched',
  examples: ['deny 7f3a', 'deny', 'deny 7f3a --reason "not before the backup"'],
  role: 'reader',
  risk: 'change',
  details: ['One denial is enough. To take back your own plan type cancel.'],
  args: {
    id: positional(z.string().optional(), 'the plan, as its card names it'),
    reason: option(z.string().max(200).optional(), 'what the asker shall read'),
  },
  run: ({ id, reason }, desk) => desk.deny(id ?? null, reason ?? null),
});
