import { z } from 'zod';
import { HostName, Names, Reason, Until } from '../src/command/args.ts';
import { CordonInput } from '../src/command/drain/cordon.ts';
import { HookInput, hook, hooksNamed } from '../src/command/drain/hook.ts';
import { hostEnd } from '../src/command/drain/host-end.ts';
import { close } from '../src/command/evacuate/close.ts';
import { DownInput, down } from '../src/command/evacuate/down.ts';
import { EvacuateInput, evacuate } from '../src/command/evacuate/evacuate.ts';
import { evacuatePlan } from '../src/command/evacuate/evacuate-plan.ts';
import { evacuateReport } from '../src/command/evacuate/evacuate-report.ts';
import { LeftInput, left } from '../src/command/evacuate/left.ts';
import { change, flag, option, positional, step } from '../src/command/make.ts';

export default change({
  summary: 'Rebuild the servers of a dead, fenced compute host elsewhere',
  examples: [
    'evacuate cmp1 --fenced "power cut by IPMI, seen off"',
    'evacuate cmp1 --fenced "burnt" --accept-data-loss',
  ],
  details: [
    'Only for a host whose nova-compute is down and that you have fenced: say how, it is kept with the job and audited.',
    'What boots from a volume keeps its disk; the rest is rebuilt from its image and loses it, which needs --accept-data-loss and two approvals.',
    'If nova-compute there reports again, nothing more is sent, and the guests that may exist twice are named.',
  ],
  role: 'operator',
  risk: 'destructive',
  args: {
    host: positional(HostName, 'the compute host, by its exact name'),
    fenced: option(Reason, 'how it is known that nothing runs there any more'),
    until: option(Until.optional(), 'when it should be over: its owner is told then'),
    hook: option(Names.optional(), "the operators' own programs to run beside it, by name: silence,masakari"),
    acceptDataLoss: flag(z.literal(true).optional(), 'also rebuilds servers whose local disk is lost by it'),
  },
  steps: {
    down: step(DownInput, down),
    cordon: step(CordonInput, close),
    evacuate: step(EvacuateInput, evacuate),
    left: step(LeftInput, left),
    hook: step(HookInput, hook),
  },
  plan: ({ host, fenced, until, acceptDataLoss, hook: named }, context) => {
    const hookNames = hooksNamed(context.cloud.settings.hooks, named ?? []);
    const wish = { host, fenced, until: hostEnd(until, context), acceptDataLoss: acceptDataLoss ?? false, hookNames };
    return evacuatePlan(wish, context);
  },
  report: evacuateReport,
});
