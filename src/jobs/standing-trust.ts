import { planHash } from '../command/canonical.ts';
import type { Plan } from '../command/plan.ts';
import type { Rows } from '../mysql/database.ts';
import type { Policy } from '../policy/policy.ts';
import { approvalFor } from '../policy/votes.ts';
import { agreed, approved, riskOf } from './approved.ts';
import { outsideCampaign } from './campaign-trust.ts';
import type { Job } from './job.ts';
import { Bounds, outside, slotOf } from './standing.ts';
import { readJob } from './store.ts';

/** What a job that nobody asked for now would do today. */
export type Today = Pick<Plan, 'rows' | 'steps' | 'claims' | 'size' | 'spare'> & { readonly risk: string };

export type Standing =
  | { readonly inside: true; readonly approval: string }
  | { readonly inside: false; readonly why: string };

/**
 * May what a schedule or a campaign opened run without asking: this worker counts the votes for its bounds anew, by the
 * policy as it is now, and holds today's plan against them.
 */
export async function judgeStanding(rows: Rows, policy: Policy, job: Job, today: Today, now: Date): Promise<Standing> {
  const asked = await readJob(rows, job.campaign ?? (await askedFor(rows, job.schedule ?? '')));
  if (asked === null || asked.plan === null || asked.state !== 'done')
    return { inside: false, why: 'no standing approval was given' };
  if (asked.plan_hash !== planHash(asked.command, asked.cloud, asked.plan.steps))
    return { inside: false, why: 'the bounds are not the ones that were approved' };
  const refusal = asked.break_glass === null ? await approved(rows, policy, asked, true) : 'it broke the glass';
  if (refusal !== null) return { inside: false, why: `its standing approval does not hold: ${refusal}` };
  const why =
    job.campaign === null
      ? await outsideSchedule(rows, { job, asked, today, now })
      : ((await fewerVotes(rows, policy, { job, asked, today })) ??
        (await outsideCampaign(rows, { job, asked, today, now })));
  return why === null ? { inside: true, approval: asked.id } : { inside: false, why };
}

/** A campaign is approved as such; its lines are no cheaper by it than said by hand. */
async function fewerVotes(
  rows: Rows,
  policy: Policy,
  { job, asked, today }: Omit<Trial, 'now'>,
): Promise<string | null> {
  const { cloud, command } = job;
  const question = { cloud, command, risk: riskOf(today.risk), size: today.size };
  const { votes: needed } = approvalFor(policy, question);
  const given = await agreed(rows, policy, asked);
  return given >= needed ? null : `the policy asks ${needed} approvals of this line, and the campaign has ${given}`;
}

export async function heldByStanding(rows: Rows, policy: Policy, job: Job, now: Date): Promise<string | null> {
  if (job.plan === null) return 'the stored plan no longer parses: ask again';
  const standing = await judgeStanding(rows, policy, job, { ...job.plan, risk: riskOf(job.risk) }, now);
  return standing.inside ? null : `${standing.why}: nothing was touched`;
}

async function askedFor(rows: Rows, schedule: string): Promise<string> {
  const found = await rows.selectFrom('schedule').select('bounds_job').where('id', '=', schedule).executeTakeFirst();
  return found?.bounds_job ?? '';
}

export interface Trial {
  readonly job: Job;
  /** The job that was approved for it. */
  readonly asked: Job;
  readonly today: Today;
  readonly now: Date;
}

async function outsideSchedule(rows: Rows, { job, asked, today, now }: Trial): Promise<string | null> {
  const bounds = Bounds.safeParse(asked.plan?.steps[0]?.input);
  if (!bounds.success || asked.standing === null || asked.human !== bounds.data.human)
    return 'the bounds are not the ones that were approved';
  const { schedule, line, cloud, human } = job;
  const firing = { schedule, line, cloud, human, slot: slotOf(job), risk: riskOf(today.risk), plan: today };
  return outside(bounds.data, firing, now) ?? (await usedTime(rows, job));
}

/** One job for each time: whoever opens a second for the same slot has it asked about, and the first as well. */
async function usedTime(rows: Rows, job: Job): Promise<string | null> {
  const other = await rows
    .selectFrom('job')
    .select('id')
    .where('message_key', '=', job.message_key)
    .where('id', '!=', job.id)
    .executeTakeFirst();
  return other === undefined ? null : `another job, ${other.id}, was opened for the same time`;
}
