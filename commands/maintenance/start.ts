import { z } from 'zod';
import { UserError } from '../../src/chat/user-error.ts';
import { HostName, Reason, Until } from '../../src/command/args.ts';
import { CordonInput, cordon } from '../../src/command/drain/cordon.ts';
import { drainPlan } from '../../src/command/drain/drain-plan.ts';
import { drainReport } from '../../src/command/drain/drain-report.ts';
import { GateInput, gate } from '../../src/command/drain/gate.ts';
import { hostEnd } from '../../src/command/drain/host-end.ts';
import { move } from '../../src/command/drain/move.ts';
import { MoveInput } from '../../src/command/drain/move-intent.ts';
import { ProofInput, proof } from '../../src/command/drain/proof.ts';
import { ResizedInput, resized } from '../../src/command/drain/resized.ts';
import { survey } from '../../src/command/drain/survey.ts';
import { change, flag, option, positional, step } from '../../src/command/make.ts';

export default change({
  words: 'maintenance',
  summary: 'Close a compute host and move every server off it',
  examples: ['maintenance cmp1', 'maintenance cmp1 --reason "broken fan" --until 2d'],
  details: [
    'ACTIVE and PAUSED servers move live, stopped ones cold; what Nova cannot move is listed with the reason.',
    'The first server goes alone; if the first three all fail, a person is asked before the others are tried.',
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
    adopt: flag(z.literal(true).optional(), 'takes over a host that another hand has disabled'),
  },
  steps: {
    cordon: step(CordonInput, cordon),
    move: step(MoveInput, move),
    resized: step(ResizedInput, resized),
    gate: step(GateInput, gate),
    proof: step(ProofInput, proof),
  },
  async plan({ host, reason, until, block, live, adopt }, context) {
    if (block && live) throw new UserError('--block and --live exclude each other: type one of them, or none');
    const found = await survey(host, block === true ? true : live === true ? false : 'auto', context);
    return drainPlan(found, {
      cloud: context.cloud.name,
      text: reason ?? 'maintenance',
      until: hostEnd(until, context),
      adopt: adopt ?? false,
      lanes: context.cloud.settings.lanes,
    });
  },
  report: drainReport,
});
