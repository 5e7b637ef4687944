import { z } from 'zod';
import { UserError } from '../../src/chat/user-error.ts';
import { Names, Reason, Until } from '../../src/command/args.ts';
import { CampaignBounds } from '../../src/command/campaign/bounds.ts';
import { campaignPlan } from '../../src/command/campaign/campaign-plan.ts';
import { campaignReport, openCampaign } from '../../src/command/campaign/open.ts';
import { change, flag, option, positional, step } from '../../src/command/make.ts';
import { readZone, windowOf } from '../../src/command/window.ts';

const windowHelp = 'type a time of day from and to, as 22:00-04:00';
const Window = z.string().refine((typed) => /^\S+$/.test(typed) && windowOf(typed) !== null, windowHelp);

export default change({
  summary: 'Empty one host after the other, over days, for work on each: approved once',
  examples: [
    'campaign add aggregate=ssd --window 22:00-04:00',
    'campaign add zone=az1 --except cmp9 --max-unavailable 2 --canary 1 --window 22:00-04:00 --tz Europe/Paris --until 14d',
    'campaign add hosts=cmp1,cmp2 --reason "kernel 6.12" --work reboot --until-done',
  ],
  details: [
    'Each host in its turn: maintenance HOST, then the work, then maintenance HOST off. Hosts are closed only in the window.',
    'The work is done when somebody types campaign done HOST (or maintenance HOST off), or when --work NAME ends well:',
    'a program of the worker’s clouds.yaml. The first hosts (--canary) go alone; the others once those are done.',
    'N-1, health and freeze are looked at before each host. What goes wrong pauses the campaign and says what to type.',
    'Its plan is a standing approval: two people, once. Other bounds are another campaign.',
  ],
  role: 'operator',
  risk: 'disruptive',
  standing: true,
  args: {
    set: positional(z.string(), 'which hosts: aggregate=ssd, zone=az1 or hosts=cmp1,cmp2'),
    except: option(Names.default([]), 'hosts of the set that are left out, as cmp3,cmp4'),
    maxUnavailable: option(
      z.coerce
        .number<string>('write how many, as 1')
        .int('write a whole number')
        .min(1, '0 would never begin: 1 or more')
        .default(1),
      'how many of them may be out of service at once (1)',
    ),
    canary: option(
      z.coerce.number<string>('write how many, as 1').int('write a whole number').min(0, 'write 0 for none').default(1),
      'how many go first, one by one, before the others (1)',
    ),
    window: option(Window.optional(), 'when hosts may be closed, as 22:00-04:00; else at any time'),
    tz: option(z.string().optional(), 'time zone of the window, as Europe/Paris; else UTC'),
    until: option(Until.optional(), 'when its approval ends (30d)'),
    untilDone: flag(z.literal(true).optional(), 'its approval ends with the last host'),
    max: option(
      z.coerce.number<string>('write how many, as 60').int('write a whole number').min(1).optional(),
      'the most servers a host may have without asking; else half more than the fullest has',
    ),
    reason: option(Reason.default('campaign'), 'why, kept with each host'),
    hook: option(Names.default([]), "the operators' own programs to run beside each, by name"),
    work: option(z.string().optional(), "the operators' own program that does the work on each empty host, by name"),
  },
  steps: { campaign: step(CampaignBounds, openCampaign) },
  async plan({ set, except, maxUnavailable, canary, window, tz, until, untilDone, max, reason, hook, work }, context) {
    if (until !== undefined && untilDone) throw new UserError('--until and --until-done exclude each other: type one');
    if (tz !== undefined && window === undefined) throw new UserError('--tz is the window’s: type --window, too');
    const end = until ?? ({ kind: 'in', ms: 30 * 86_400_000 } as const);
    const wish = { set, except, maxUnavailable, canary, reason, hooks: hook, work: work ?? null, max: max ?? null };
    return campaignPlan(
      {
        ...wish,
        window: window === undefined ? null : `${window} ${readZone(tz ?? null)}`,
        until: untilDone ? null : end,
      },
      context,
    );
  },
  report: campaignReport,
});
