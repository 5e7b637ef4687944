import { z } from 'zod';
import { control, rest } from '../../src/command/make.ts';

export default control({
  summary: 'What happened: who said what where, votes, every step; newest first',
  examples: ['audit', 'audit alice', 'audit maintenance cmp1'],
  role: 'reader',
  args: { words: rest(z.string().default(''), 'words an entry must have') },
  run: ({ words }, desk) => desk.audit(words),
});
