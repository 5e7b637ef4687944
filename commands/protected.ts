import { query } from '../src/command/make.ts';
import { overview } from '../src/command/protect/overview.ts';

export default query({
  summary: 'Which servers cannot be deleted, by whom, until when, and where flag, lock and record differ',
  examples: ['protected'],
  role: 'reader',
  args: {},
  answer: (_values, context) => overview(context),
});
