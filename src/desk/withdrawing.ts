import { type Report, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { letGo } from '../jobs/claims.ts';
import { touchCards } from '../jobs/deliveries.ts';
import type { Sitting } from './desk.ts';
import { meant, personAt, record, work } from './person.ts';

/**
 * Takes a yes back. A plan that was queued by it waits again: its epoch moves on, so that a worker which is taking the
 * second look at this moment does not begin it.
 */
export async function withdrawVote(sitting: Sitting, id: string | null): Promise<Report> {
  const job = await meant(sitting, id, ['awaiting', 'queued'], 'withdraw from');
  const person = personAt(sitting);
  const rows = work(sitting);
  if (job.state !== 'awaiting' && job.state !== 'queued')
    throw new UserError(
      `${job.id} is ${job.state}: an approval can be taken back only before the job begins; type cancel ${job.id}`,
    );
  const taken = await rows
    .deleteFrom('vote')
    .where('job', '=', job.id)
    .where('human', '=', person.human)
    .where('choice', '=', 'yes')
    .executeTakeFirst();
  if (taken.numDeletedRows !== 1n) throw new UserError(`${person.human} has not approved ${job.id}`);
  if (job.state === 'queued') {
    const moved = await rows
      .updateTable('job')
      .set((set) => ({
        state: 'awaiting',
        decided_at: null,
        worker: null,
        lease_until: null,
        epoch: set('epoch', '+', 1),
      }))
      .where('id', '=', job.id)
      .where('state', '=', 'queued')
      .executeTakeFirst();
    if (moved.numUpdatedRows !== 1n) throw new UserError(`${job.id} began a moment ago: type cancel ${job.id}`);
    await letGo(rows, job.id);
  }
  await touchCards(rows, job.id);
  const detail = { choice: 'withdrawn', hash: job.plan_hash, at: 'before the start' };
  record(sitting, { kind: 'vote', job: job.id, detail });
  return say(`${job.id}: the approval by ${person.human} is taken back; nothing has begun`);
}
