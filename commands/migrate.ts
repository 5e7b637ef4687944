import { z } from 'zod';
import { UserError } from '../src/chat/user-error.ts';
import { HostName, Reason, ServerReference } from '../src/command/args.ts';
import { migratePlan } from '../src/command/drain/migrate-plan.ts';
import { migrateReport } from '../src/command/drain/migrate-report.ts';
import { move } from '../src/command/drain/move.ts';
import { MoveInput } from '../src/command/drain/move-intent.ts';
import { change, flag, option, positional, step } from '../src/command/make.ts';

export default change({
  summary: 'Move one server to another compute host, and prove that it arrived',
  examples: ['migrate db-1', 'migrate 6f1c0b3e --to cmp3', 'migrate db-1 --to cmp3 --cold'],
  details: [
    'ACTIVE and PAUSED servers move live, stopped ones cold. A host that is named must be up and enabled, and Nova’s scheduler must agree.',
    'A copy that does not get smaller is asked about; a move that breaks is sent once more, elsewhere, where no host was named.',
  ],
  role: 'operator',
  risk: 'disruptive',
  args: {
    server: positional(ServerReference, 'uuid, the beginning of one, or the exact name'),
    to: option(HostName.optional(), 'the compute host, by its exact name; else Nova chooses'),
    live: flag(z.literal(true).optional(), 'requires shared storage instead of letting Nova decide'),
    block: flag(z.literal(true).optional(), 'copies local disks (block migration) instead of letting Nova decide'),
    cold: flag(z.literal(true).optional(), 'moves a running server cold: its guest is shut down and started again'),
    ignoreWishes: option(Reason.optional(), "why its owner's wishes do not bind this time; asks one more approval"),
  },
  steps: { move: step(MoveInput, move) },
  async plan({ server, to, live, block, cold, ignoreWishes }, context) {
    const hows = [live && 'live', block && 'block', cold && 'cold'].filter((how) => typeof how === 'string');
    if (hows.length > 1) throw new UserError(`--${hows.join(' and --')} exclude each other: type one of them, or none`);
    const how = z.enum(['live', 'block', 'cold']).safeParse(hows[0]).data ?? null;
    return migratePlan({ server, to, how, ignoreWishes: ignoreWishes ?? null }, context);
  },
  report: migrateReport,
});
