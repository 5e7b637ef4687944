import { planHash } from '../command/canonical.ts';
import type { Plan } from '../command/plan.ts';
import type { Database } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';
import { letGo } from './claims.ts';
import { touchCards } from './deliveries.ts';
import type { Difference, Job } from './job.ts';
import { cards, move, type Planned, planColumns } from './lifecycle.ts';
import { dbIn, dbNow, fence, insertJob, type Owner } from './store.ts';

/** So many differences stand in the audit; the successor's plan has all. */
const audited = 100;

/** The world got bigger or harsher than what was approved: the job ends stale, its successor asks anew. */
export async function supersede(
  database: Database,
  owner: Owner,
  job: Job,
  made: Planned,
  differences: readonly Difference[],
): Promise<string> {
  return database.transaction(async (rows) => {
    await fence(rows, owner);
    const successor = await insertJob(rows, {
      state: 'awaiting',
      kind: 'change',
      command: job.command,
      line: job.line,
      cloud: job.cloud,
      human: job.human,
      account: job.account,
      place: job.place,
      messageKey: job.message_key,
      replyTo: job.reply_to,
      policyHash: job.policy_hash ?? '',
      predecessor: job.id,
      ...(job.schedule === null ? {} : { schedule: job.schedule }),
      ...(job.campaign === null ? {} : { campaign: job.campaign }),
    });
    const hash = planHash(job.command, job.cloud, made.plan.steps);
    const plan = { ...made.plan, blocks: [changed(job.id, differences), ...made.plan.blocks] };
    const columns = planColumns(
      { ...made, plan, approval: { ...made.approval, votes: Math.max(1, made.approval.votes) } },
      hash,
    );
    await rows
      .updateTable('job')
      .set({ ...columns, until: dbIn(made.approval.expiresMs) })
      .where('id', '=', successor)
      .execute();
    await letGo(rows, job.id);
    await move(rows, owner, job.state, 'stale', { successor, ended_at: dbNow, worker: null, lease_until: null });
    await cards(
      rows,
      { id: successor, place: job.place, reply_to: job.reply_to, message_key: job.message_key },
      made.approval.places,
    );
    await touchCards(rows, job.id);
    await audit(rows, {
      kind: 'stale',
      job: job.id,
      detail: {
        successor,
        hash,
        differences: differences.slice(0, audited).map(({ key, was, is }) => ({ key, was, is })),
        more: Math.max(0, differences.length - audited),
      },
    });
    return successor;
  });
}

function changed(before: string, differences: readonly Difference[]): Plan['blocks'][number] {
  return {
    kind: 'table',
    columns: [`changed since ${before}`, 'was', 'is now', 'why'],
    rows: differences.map(({ label, was, is, why }) => [label, was ?? 'not there', is, why]),
  };
}
