import { z } from 'zod';
import { say } from '../../../../src/chat/report.ts';
import { flag, query } from '../../../../src/command/make.ts';

export default query({
  summary: 'Count token rows',
  details: ['It reads the index and never scans the table in silence.'],
  examples: ['tokens count', 'tokens count --cloud prod'],
  role: 'reader',
  args: { fullScan: flag(z.boolean().default(false), 'read every row') },
  answer: async () => say('none'),
});
