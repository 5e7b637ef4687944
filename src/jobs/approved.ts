import { z } from 'zod';
import type { Rows } from '../mysql/database.ts';
import { type Policy, personOf } from '../policy/policy.ts';
import { approvalFor, mayVote, standingApproval, tally } from '../policy/votes.ts';
import { isByItself, type Job } from './job.ts';

/** What the audit keeps of a vote. */
const VoteDetail = z.object({ hash: z.string(), choice: z.string() });

/** Null once enough people agreed, as the policy is now; `standing`: to all that it will open. */
export async function approved(rows: Rows, policy: Policy, job: Job, standing: boolean): Promise<string | null> {
  const asked = { cloud: job.cloud, command: job.command, risk: riskOf(job.risk), size: job.size };
  const byPolicy = standing ? standingApproval(policy, asked) : approvalFor(policy, asked);
  // What nobody asked for now and is outside its standing approval is asked about, whatever its risk.
  const byItself = isByItself(job) ? 1 : 0;
  const needed = Math.max(byPolicy.votes, job.approval?.votes ?? 0, byItself);
  if (needed === 0) return null;
  const votes = await countable(rows, policy, job, standing);
  return tally(votes, needed) === 'approved'
    ? null
    : `the worker counts ${votes.length} of ${needed} valid approvals: nothing was touched`;
}

/** How many people agreed to it whose votes this policy lets count. */
export async function agreed(rows: Rows, policy: Policy, job: Job): Promise<number> {
  const votes = await countable(rows, policy, job, true);
  return new Set(votes.filter(({ choice }) => choice === 'yes').map(({ human }) => human)).size;
}

/** The votes that this policy lets count, cast in time for this plan, and seen by the audit. */
async function countable(rows: Rows, policy: Policy, job: Job, standing: boolean) {
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
        standing,
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

export function riskOf(word: string | null): 'read' | 'change' | 'disruptive' | 'destructive' {
  return word === 'read' || word === 'change' || word === 'disruptive' ? word : 'destructive';
}
