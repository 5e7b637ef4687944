import { z } from 'zod';
import { canonical, planHash } from '../command/canonical.ts';
import type { Command } from '../command/command.ts';
import type { Json } from '../command/outcome.ts';
import type { Plan } from '../command/plan.ts';
import type { Rows } from '../mysql/database.ts';
import { authorize } from '../policy/authorize.ts';
import { type Policy, personOf } from '../policy/policy.ts';
import { approvalFor, mayBreakGlass, mayVote, standingApproval, tally } from '../policy/votes.ts';
import type { Job } from './job.ts';
import { Bounds, outside, slotOf } from './standing.ts';
import { stepsOf } from './steps.ts';
import { readJob } from './store.ts';

/** What the audit keeps of a vote. */
const VoteDetail = z.object({ hash: z.string(), choice: z.string() });

/** May this worker plan the job: by its own policy, and only while bot and worker read the same one. Null = yes. */
export function mayPlan(policy: Policy, job: Job, command: Command): string | null {
  if (command.kind === 'change' && job.policy_hash !== policy.hash) {
    const hashes = `${job.policy_hash?.slice(0, 8)} and ${policy.hash.slice(0, 8)}`;
    return `the policy changed since, or bot and worker read different policies (${hashes}): nothing was touched. Say it again; if this comes again, copy policy.yaml to both and send both SIGHUP`;
  }
  const decision = authorize(policy, {
    account: job.account === '' ? null : job.account,
    place: job.place.id,
    command: facts(job, command),
    cloud: job.cloud,
  });
  if (decision.verdict === 'refuse') return decision.because;
  return decision.person.human === job.human
    ? null
    : `${job.account} is ${decision.person.human} in the worker's policy, not ${job.human}`;
}

/**
 * A worker trusts no row blindly: before it runs a job it checks by its own policy who asked, what was approved, by
 * whom, when, and that the audit saw each vote. Null = all is well.
 */
export async function mayRun(
  rows: Rows,
  policy: Policy,
  job: Job,
  { command, now }: { command: Command; now: Date },
): Promise<string | null> {
  const refusal = mayPlan(policy, job, command);
  if (refusal !== null) return refusal;
  if (job.plan === null || job.plan_hash !== planHash(job.command, job.cloud, job.plan.steps))
    return 'the stored plan is not the one that was hashed: nothing was touched';
  if (job.plan.steps.length === 0) return null;
  if (job.approval?.standing !== undefined) return heldByStanding(rows, policy, job, now);
  if (job.break_glass !== null) return brokenGlass(rows, policy, job);
  return approved(rows, policy, job);
}

/**
 * Before a worker carries on what another began: by the audit it was begun, and each stored step is still the approved
 * plan's. Who may ask and approve was settled when it began. Null = all is well.
 */
export async function mayGoOn(rows: Rows, job: Job): Promise<string | null> {
  const stale = 'the stored steps are not the ones that were approved: nothing more is touched';
  if (job.plan === null || job.plan_hash !== planHash(job.command, job.cloud, job.plan.steps)) return stale;
  const begun = await rows
    .selectFrom('audit')
    .select('seq')
    .where('job', '=', job.id)
    .where('kind', '=', 'begun')
    .executeTakeFirst();
  if (begun === undefined) return 'the audit does not know that it ever began: nothing is touched';
  const planned = new Map(job.plan.steps.map((step) => [step.key, boundOf(step.step, step.stage, step.input)]));
  const steps = await stepsOf(rows, job.id);
  const same = steps.every(({ key, name, stage, input }) => planned.get(key) === boundOf(name, stage, input));
  return same && steps.length === planned.size ? null : stale;
}

function boundOf(name: string, stage: string, input: unknown): string {
  // Both come out of JSON.
  return canonical([name, stage, input as Json]);
}

async function approved(rows: Rows, policy: Policy, job: Job): Promise<string | null> {
  const asked = { cloud: job.cloud, command: job.command, risk: riskOf(job.risk), size: job.size };
  const byPolicy = job.standing === null ? approvalFor(policy, asked) : standingApproval(policy, asked);
  // What a schedule fires outside its standing approval is asked about, whatever its risk.
  const scheduled = job.schedule === null ? 0 : 1;
  const needed = Math.max(byPolicy.votes, job.approval?.votes ?? 0, scheduled);
  if (needed === 0) return null;
  const votes = await countable(rows, policy, job);
  return tally(votes, needed) === 'approved'
    ? null
    : `the worker counts ${votes.length} of ${needed} valid approvals: nothing was touched`;
}

/** The votes that this policy lets count, cast in time for this plan, and seen by the audit. */
async function countable(rows: Rows, policy: Policy, job: Job) {
  const votes = await rows.selectFrom('vote').selectAll().where('job', '=', job.id).execute();
  const seen = await rows
    .selectFrom('audit')
    .select(['human', 'account', 'detail'])
    .where('job', '=', job.id)
    .where('kind', '=', 'vote')
    .execute();
  return votes
    .filter((vote) => {
      const inTime =
        job.planned_at !== null && vote.at >= job.planned_at && (job.until === null || vote.at <= job.until);
      const witnessed = seen.some(
        (row) => row.human === vote.human && row.account === vote.account && witnesses(row.detail, vote),
      );
      const decision = mayVote(policy, {
        account: vote.account,
        asker: job.human,
        cloud: job.cloud,
        command: job.command,
        risk: riskOf(job.risk),
        size: job.size,
        standing: job.standing !== null,
      });
      const sameHuman = personOf(policy, vote.account)?.human === vote.human;
      return vote.plan_hash === job.plan_hash && inTime && witnessed && sameHuman && decision.verdict === 'allow';
    })
    .map((vote) => ({
      human: vote.human,
      choice: vote.choice === 'yes' ? ('yes' as const) : ('no' as const),
      at: vote.at,
    }));
}

function witnesses(detail: string, vote: { choice: string; plan_hash: string }): boolean {
  const said = VoteDetail.safeParse(JSON.parse(detail));
  return said.success && said.data.hash === vote.plan_hash && said.data.choice === vote.choice;
}

/** What a job that a schedule opened would do today. */
type Today = Pick<Plan, 'rows' | 'steps' | 'claims' | 'size'> & { readonly risk: string };

export type Standing =
  | { readonly inside: true; readonly approval: string }
  | { readonly inside: false; readonly why: string };

/**
 * May what a schedule opened run without asking: this worker counts the votes for its bounds anew, by the policy as it is
 * now, and holds today's plan against them.
 */
export async function judgeStanding(rows: Rows, policy: Policy, job: Job, today: Today, now: Date): Promise<Standing> {
  const schedule = await rows
    .selectFrom('schedule')
    .select('bounds_job')
    .where('id', '=', job.schedule ?? '')
    .executeTakeFirst();
  const asked = await readJob(rows, schedule?.bounds_job ?? '');
  if (asked === null || asked.standing === null || asked.plan === null || asked.state !== 'done')
    return { inside: false, why: 'no standing approval was given' };
  const bounds = Bounds.safeParse(asked.plan.steps[0]?.input);
  const whole = asked.plan_hash === planHash(asked.command, asked.cloud, asked.plan.steps);
  if (!bounds.success || !whole || asked.human !== bounds.data.human)
    return { inside: false, why: 'the bounds are not the ones that were approved' };
  const refusal = asked.break_glass === null ? await approved(rows, policy, asked) : 'it broke the glass';
  if (refusal !== null) return { inside: false, why: `its standing approval does not hold: ${refusal}` };
  const { schedule: id, line, cloud, human } = job;
  const firing = { schedule: id, line, cloud, human, slot: slotOf(job), risk: riskOf(today.risk), plan: today };
  const why = outside(bounds.data, firing, now) ?? (await usedTime(rows, job));
  return why === null ? { inside: true, approval: asked.id } : { inside: false, why };
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

async function heldByStanding(rows: Rows, policy: Policy, job: Job, now: Date): Promise<string | null> {
  if (job.plan === null) return 'the stored plan no longer parses: ask again';
  const standing = await judgeStanding(rows, policy, job, { ...job.plan, risk: riskOf(job.risk) }, now);
  return standing.inside ? null : `${standing.why}: nothing was touched`;
}

async function brokenGlass(rows: Rows, policy: Policy, job: Job): Promise<string | null> {
  const seen = await rows
    .selectFrom('audit')
    .select(['human', 'account', 'detail'])
    .where('job', '=', job.id)
    .where('kind', '=', 'break-glass')
    .executeTakeFirst();
  const said = z.object({ hash: z.string() }).safeParse(JSON.parse(seen?.detail ?? 'null'));
  const decision = mayBreakGlass(policy, seen?.account ?? null, job.cloud);
  const whole = decision.verdict === 'allow' && decision.person.human === seen?.human;
  return whole && said.success && said.data.hash === job.plan_hash
    ? null
    : 'nobody whom the policy allows to break the glass did';
}

export function facts(job: { command: string }, command: Command) {
  return { name: job.command, role: command.role, risk: command.risk, kind: command.kind };
}

export function riskOf(word: string | null): 'read' | 'change' | 'disruptive' | 'destructive' {
  return word === 'read' || word === 'change' || word === 'disruptive' ? word : 'destructive';
}
