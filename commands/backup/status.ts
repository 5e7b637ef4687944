import { z } from 'zod';
import { statusReport } from '../../src/command/backup/status.ts';
import { durationMs } from '../../src/command/duration.ts';
import { option, query } from '../../src/command/make.ts';

const Within = z
  .string()
  .transform((typed) => durationMs(typed) ?? 0)
  .refine((ms) => ms >= 60_000, 'type a while of a minute or more, such as 26h');

/** A nightly one that is two hours late. */
const usual = 26 * 3_600_000;

export default query({
  summary: 'How old the last proven backup is, and how long a restore takes',
  examples: ['backup status', 'backup status --within 12h'],
  role: 'reader',
  args: { within: option(Within.optional(), 'older than that is bad (default 26h)') },
  answer: ({ within }, context) => statusReport(within ?? usual, context),
});
