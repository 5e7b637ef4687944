import { listReport } from '../../src/command/backup/listing.ts';
import { query } from '../../src/command/make.ts';

export default query({
  summary: 'Every dump that is kept, and what is known of it',
  examples: ['backup list'],
  role: 'reader',
  args: {},
  answer: (_values, context) => listReport(context),
});
