import { z } from 'zod';
import { canonical, planHash } from '../command/canonical.ts';
import type { Command } from '../command/command.ts';
import type { Json } from '../command/outcome.ts';
import type { Rows } from '../mysql/database.ts';
import { authorize } from '../policy/authorize.ts';
import type { Policy } from '../policy/policy.ts';
import { mayBreakGlass } from '../policy/votes.ts';
import { approved } from './approved.ts';
import { isStanding, type Job } from './job.ts';
import { heldByStanding } from './standing-trust.ts';
import { stepsOf } from './steps.ts';

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
  return approved(rows, policy, job, isStanding(job, command));
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
