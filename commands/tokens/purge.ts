import { z } from 'zod';
import { UserError } from '../../src/chat/user-error.ts';
import { change, flag, option, step } from '../../src/command/make.ts';
import { Before } from '../../src/command/tokens/cutoff.ts';
import { purgePlan } from '../../src/command/tokens/sweep-plan.ts';
import { sweepReport } from '../../src/command/tokens/sweep-report.ts';
import { ProveInput, proveNoneLeft, SweepInput, sweepTokens } from '../../src/command/tokens/sweep-step.ts';
import { Swept } from '../../src/command/tokens/swept.ts';

export default change({
  summary: 'Delete expired tokens or old revocations from Keystone’s table, a little at a time, archived first',
  examples: [
    'tokens purge',
    'tokens purge --before 30d',
    'tokens purge --no-archive --before 2026-01-01',
    'tokens purge --table revocation_event',
  ],
  role: 'operator',
  risk: 'destructive',
  details: [
    'Each chunk is written to the worker’s archive and on its disk before it is deleted.',
    'It waits where replicas lag, Galera holds writes back, or the server is busy; cancel stops it within one chunk.',
    'Only tokens that expired more than 48 h ago go. The file of the table does not shrink.',
    '--table revocation_event takes revocations twice as old as a token can be: Keystone deletes them all at once instead.',
  ],
  args: {
    table: option(Swept.default('token'), 'token, or revocation_event (default token)'),
    before: option(Before.optional(), 'only what expired before then: 30d, 2026-01-01 (default, and latest: 48h)'),
    archive: flag(z.literal(true).optional(), 'archives first: so it is in any case unless told otherwise'),
    noArchive: flag(z.literal(true).optional(), 'deletes without an archive, where the policy lets you'),
  },
  steps: { sweep: step(SweepInput, sweepTokens), prove: step(ProveInput, proveNoneLeft) },
  async plan({ table, before, archive, noArchive }, context) {
    if (archive && noArchive)
      throw new UserError('--archive and --no-archive exclude each other: type one of them, or none');
    return purgePlan({ table, before, archive: noArchive !== true }, context);
  },
  report: sweepReport,
});
