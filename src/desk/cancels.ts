import { type Report, say } from '../chat/report.ts';
import { UserError } from '../chat/user-error.ts';
import { letGo } from '../jobs/claims.ts';
import { touchCards } from '../jobs/deliveries.ts';
import { hasEnded, type Job, open } from '../jobs/job.ts';
import { dbNow } from '../jobs/store.ts';
import type { Sitting } from './desk.ts';
import { mayTouch, meant, personAt, record, work } from './person.ts';

/** What has not begun ends at once; what runs is asked to stop, and says itself what was done and what is left. */
export async function cancelJob(sitting: Sitting, id: string | null, now: boolean): Promise<Report> {
  const job = await meant(sitting, id, open, 'cancel');
  const person = personAt(sitting);
  if (person.human !== job.human) mayTouch(sitting, job);
  if (hasEnded(job.state))
    throw new UserError(`${job.id} has ended already, ${job.state}: job ${job.id} shows what it did`);
  refuseAgain(job, now);
  const report =
    (job.state === 'running' || job.state === 'asking' || job.state === 'parked') && !isGroup(job)
      ? await wish(sitting, job, now)
      : await drop(sitting, job);
  record(sitting, { kind: 'cancel', job: job.id, detail: { now } });
  return report;
}

/** Said again it changes nothing, and what stops at once is not asked to take its time. */
function refuseAgain({ id, wish: wished, wish_by: by }: Job, now: boolean): void {
  if (wished === 'cancel-now') throw new UserError(`${id} is stopping at once already (${by ?? 'someone'} cancelled)`);
  if (wished === 'cancel' && !now)
    throw new UserError(
      `${id} stops after what runs now already (${by ?? 'someone'} cancelled); cancel ${id} --now aborts that too`,
    );
}

async function drop(sitting: Sitting, job: Job): Promise<Report> {
  if (!(await dropped(sitting, job))) throw new UserError(`${job.id} has begun a moment ago: say it again to stop it`);
  return say(`${job.id} cancelled: nothing was touched`);
}

/** Ends what has not begun; false where it has. */
export async function dropped(sitting: Sitting, job: Pick<Job, 'id' | 'cloud'>): Promise<boolean> {
  const rows = work(sitting);
  const { human } = personAt(sitting);
  const moved = await rows
    .updateTable('job')
    .set((set) => ({
      state: 'cancelled',
      reason: `cancelled by ${human}`,
      ended_at: dbNow,
      worker: null,
      lease_until: null,
      epoch: set('epoch', '+', 1),
    }))
    .where('id', '=', job.id)
    .where('state', 'in', isGroup(job) ? ['running'] : ['planning', 'awaiting', 'queued'])
    .executeTakeFirst();
  if (moved.numUpdatedRows !== 1n) return false;
  await letGo(rows, job.id);
  await rows
    .updateTable('job')
    .set({ state: 'cancelled', reason: `cancelled by ${human}`, ended_at: dbNow, worker: null, lease_until: null })
    .where('parent', '=', job.id)
    .where('ended_at', 'is', null)
    .execute();
  await touchCards(rows, job.id);
  return true;
}

/** A query over several clouds belongs to no cloud: nothing runs under it but its children, which only read. */
function isGroup(job: Pick<Job, 'cloud'>): boolean {
  return job.cloud === '';
}

async function wish(sitting: Sitting, job: Job, now: boolean): Promise<Report> {
  const rows = work(sitting);
  const { human } = personAt(sitting);
  await rows
    .updateTable('job')
    .set({ wish: now ? 'cancel-now' : 'cancel', wish_by: human })
    .where('id', '=', job.id)
    .execute();
  const waking = await rows
    .updateTable('job')
    .set({ state: 'running', until: null })
    .where('id', '=', job.id)
    .where('state', 'in', ['asking', 'parked'])
    .executeTakeFirst();
  await touchCards(rows, job.id);
  if (waking.numUpdatedRows === 1n)
    sitting.rings.push({ queue: `do-${job.cloud}`, id: job.id, once: `${job.id}-${job.epoch}-cancel` });
  return say(
    now
      ? `${job.id}: stopping at once; what runs is aborted where the cloud can`
      : `${job.id}: stopping after what runs now; cancel ${job.id} --now aborts that too`,
  );
}
