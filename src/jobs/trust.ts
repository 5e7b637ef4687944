import { z } from 'zod';
import { planHash } from '../command/canonical.ts';
import type { Command } from '../command/command.ts';
import type { Rows } from '../mysql/database.ts';
import { authorize } from '../policy/authorize.ts';
import { type Policy, personOf } from '../policy/policy.ts';
import { approvalFor, mayVote, tally } from '../policy/votes.ts';
import type { Job } from './job.ts';

/** What the audit keeps of a vote. */
const VoteDetail = z.object({ hash: z.string(), choice: z.string() });

/** May this worker plan the job: by its own policy, and only while bot and worker read the same one. Null = yes. */
export function mayPlan(policy: Policy, job: Job, command: Command): string | null {
  if (command.kind === 'change' && job.policy_hash !== policy.hash) {
    return `bot and worker read different policies (${job.policy_hash?.slice(0, 8)} and ${policy.hash.slice(0, 8)}): nothing is changed until they agree; copy policy.yaml and send both SIGHUP`;
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
export async function mayRun(rows: Rows, policy: Policy, job: Job, command: Command): Promise<string | null> {
  const refusal = mayPlan(policy, job, command);
  if (refusal !== null) return refusal;
  if (job.plan === null || job.plan_hash !== planHash(job.command, job.cloud, job.plan.steps))
    return 'the stored plan is not the one that was hashed: nothing was touched';
  if (job.break_glass !== null) return brokenGlass(rows, policy, job);
  const risk = riskOf(job.risk);
  const needed = Math.max(
    approvalFor(policy, { cloud: job.cloud, command: job.command, risk, size: job.size }).votes,
    job.approval?.votes ?? 0,
  );
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

async function brokenGlass(rows: Rows, policy: Policy, job: Job): Promise<string | null> {
  const seen = await rows
    .selectFrom('audit')
    .select(['human', 'account'])
    .where('job', '=', job.id)
    .where('kind', '=', 'break-glass')
    .executeTakeFirst();
  const person = personOf(policy, seen?.account ?? null);
  const allowed = person?.roles.some((role) => policy.breakGlass?.roles.includes(role));
  return allowed ? null : 'nobody whom the policy allows to break the glass did';
}

export function facts(job: { command: string }, command: Command) {
  return { name: job.command, role: command.role, risk: command.risk, kind: command.kind };
}

export function riskOf(word: string | null): 'read' | 'change' | 'disruptive' | 'destructive' {
  return word === 'read' || word === 'change' || word === 'disruptive' ? word : 'destructive';
}
