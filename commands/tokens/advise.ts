import { query } from '../../src/command/make.ts';
import { advise } from '../../src/command/tokens/advise.ts';

export default query({
  summary: 'What to do about this cloud’s tokens, in five lines',
  examples: ['tokens advise', 'tokens advise --cloud prod-eu'],
  role: 'reader',
  details: ['Provider and release, size and growth, indexes, how long rows stay, and what to do.'],
  args: {},
  answer: (_values, context) => advise(context),
});
