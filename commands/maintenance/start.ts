import { z } from 'zod';
import { UserError } from '../../src/chat/user-error.ts';
import { HostName, Names, Reason, Until } from '../../src/command/args.ts';
import { CordonInput, cordon } from '../../src/command/drain/cordon.ts';
import { drainPlan } from '../../src/command/drain/drain-plan.ts';
import { drainReport } from '../../src/command/drain/drain-report.ts';
import { orders } from '../../src/command/drain/drain-rows.ts';
import { GateInput, gate } from '../../src/command/drain/gate.ts';
import { HookInput, hook, hooksNamed } from '../../src/command/drain/hook.ts';
import { hostEnd } from '../../src/command/drain/host-end.ts';
import { mayPost } from '../../src/command/drain/lane-rules.ts';
import { move } from '../../src/command/drain/move.ts';
import { MoveInput } from '../../src/command/drain/move-intent.ts';
import { NewcomersInput, newcomers } from '../../src/command/drain/newcomers.ts';
import { ProofInput, proof } from '../../src/command/drain/proof.ts';
import { ResizedInput, resized } from '../../src/command/drain/resized.ts';
import { survey } from '../../src/command/drain/survey.ts';
import { change, flag, option, positional, step } from '../../src/command/make.ts';

export default change({
  words: 'maintenance',
  summary: 'Close a compute host and move every server off it',
  examples: [
    'maintenance cmp1',
    'maintenance cmp1 --reason "broken fan" --until 2d',
    'maintenance cmp1 --order largest --hook silence',
  ],
  details: [
    'ACTIVE and PAUSED servers move live, stopped ones cold; what Nova cannot move is listed with the reason.',
    'Four go first, the others once one of them has left; if all four fail, a person is asked before the others are tried.',
    'A copy that does not get smaller is asked about; a move that breaks is sent once more, elsewhere; who comes meanwhile is asked about.',
    'The host stays disabled until maintenance HOST off, also when the drain fails or is cancelled.',
    'maintenance without a host shows every host in maintenance.',
  ],
  role: 'operator',
  risk: 'disruptive',
  args: {
    host: positional(HostName, 'the compute host, by its exact name'),
    reason: option(Reason.optional(), 'why, kept with the host and shown to everyone'),
    until: option(Until.optional(), 'when it should be over: its owner is told then'),
    block: flag(z.literal(true).optional(), 'copies local disks (block migration) instead of letting Nova decide'),
    live: flag(z.literal(true).optional(), 'requires shared storage instead of letting Nova decide'),
    order: option(z.enum(orders).default('smallest'), 'which server first: smallest, largest, or by name'),
    ignoreWishes: option(Reason.optional(), "why guests' own wishes do not bind this time; asks one more approval"),
    acceptRisk: option(Reason.optional(), 'why it may break N-1, where it would; asks two approvals'),
    hook: option(Names.optional(), "the operators' own programs to run beside it, by name: silence,masakari"),
    adopt: flag(z.literal(true).optional(), 'takes over a host that another hand has disabled'),
  },
  steps: {
    cordon: step(CordonInput, cordon),
    move: step(MoveInput, move, mayPost),
    resized: step(ResizedInput, resized),
    gate: step(GateInput, gate),
    hook: step(HookInput, hook),
    newcomers: step(NewcomersInput, newcomers),
    proof: step(ProofInput, proof),
  },
  async plan({ host, reason, until, block, live, order, ignoreWishes, acceptRisk, hook: named, adopt }, context) {
    if (block && live) throw new UserError('--block and --live exclude each other: type one of them, or none');
    const { hooks } = context.cloud.settings;
    const copy = block === true ? true : live === true ? false : 'auto';
    const found = await survey(host, { block: copy, heed: ignoreWishes === undefined }, context);
    const wish = {
      cloud: context.cloud.name,
      text: reason ?? 'maintenance',
      until: hostEnd(until, context),
      adopt: adopt ?? false,
      // Below 2.65 what waits in Nova's queue cannot be aborted: nothing is posted ahead.
      lanes: (await context.cloud.about()).computeVersion.minor < 65 ? 1 : context.cloud.settings.lanes,
      order,
      hooks,
      hookNames: hooksNamed(hooks, named ?? []),
      closedPerZone: context.closedPerZone,
      ignoreWishes: ignoreWishes ?? null,
      acceptRisk: acceptRisk ?? null,
      now: context.now,
      totalMs: context.cloud.settings.totalDeadline,
    };
    return drainPlan(found, wish, await context.history.drains());
  },
  report: drainReport,
});
