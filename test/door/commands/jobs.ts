import { z } from 'zod';
import { say } from '../../../src/chat/report.ts';
import { control, flag, option, positional } from '../../../src/command/make.ts';

export default control({
  summary: 'List jobs',
  examples: ['jobs', 'jobs running --limit 5'],
  role: 'reader',
  args: {
    state: positional(z.enum(['running', 'waiting']).optional(), 'only those in this state'),
    limit: option(z.coerce.number().int().min(1).max(100).default(20), 'how many'),
    all: flag(z.boolean().default(false), 'of everybody'),
  },
  run: async () => say('none'),
});
