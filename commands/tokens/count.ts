import { z } from 'zod';
import { durationMs } from '../../src/command/duration.ts';
import { flag, option, query } from '../../src/command/make.ts';
import { countReport, storesNoTokens } from '../../src/command/tokens/report.ts';

const Limit = z
  .string()
  .transform((typed) => durationMs(typed) ?? 0)
  .refine((ms) => ms >= 1000 && ms <= 3_600_000, 'type a while between 1s and 1h, such as 90s');

const usualLimit = 20_000;

export default query({
  summary: 'How many rows Keystone’s token table holds, or what grows where tokens are not rows',
  examples: ['tokens count', 'tokens count --limit 2m', 'tokens count --full-scan --limit 5m'],
  role: 'reader',
  details: [
    'Counts from an index. Where there is none it says what a count would cost and waits for --full-scan.',
    'Where tokens are Fernet or JWS nothing is stored: then it tells which other tables grow.',
  ],
  args: {
    limit: option(Limit.optional(), 'each statement is stopped after this long (default 20s)'),
    fullScan: flag(z.literal(true).optional(), 'counts by reading the whole table where no index helps'),
  },
  async answer({ limit, fullScan }, { cloud, signal, now }) {
    const limits = { signal, limitMs: limit ?? usualLimit };
    const tokens = await cloud.databases.tokens({ ...limits, fullScan: fullScan ?? false });
    const growth = storesNoTokens(tokens) ? await cloud.databases.growth(limits) : [];
    return countReport({
      cloud: cloud.name,
      tokens,
      growth,
      limitMs: limits.limitMs,
      fullScan: fullScan ?? false,
      now,
    });
  },
});
