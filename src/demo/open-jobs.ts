import { touchCards } from '../jobs/deliveries.ts';
import { JobState, open, rests } from '../jobs/job.ts';
import { dbNow } from '../jobs/store.ts';
import type { Database } from '../mysql/database.ts';
import { audit } from '../policy/audit.ts';

export interface OpenJob {
  readonly id: string;
  readonly line: string;
  readonly state: JobState;
}

/** Jobs that came up since and have not ended. */
export async function openJobs({ rows }: Database, since: Date): Promise<OpenJob[]> {
  const jobs = await rows
    .selectFrom('job')
    .select(['id', 'line', 'state'])
    .where('state', 'in', open)
    .where('created_at', '>=', since)
    .orderBy('created_at')
    .execute();
  return jobs.map(({ id, line, state }) => ({ id, line, state: JobState.parse(state) }));
}

export function waitsForPerson({ state }: OpenJob): boolean {
  return rests(state);
}

const nobody = 'nobody left to answer';

/** Ends what waits for a person when none will come. What had begun is asked to stop, and its worker says what is left. */
export async function closeJobs(database: Database, jobs: readonly OpenJob[]): Promise<void> {
  for (const { id } of jobs) {
    await database.transaction(async (rows) => {
      await rows
        .updateTable('job')
        .set((set) => ({ state: 'cancelled', reason: nobody, ended_at: dbNow, epoch: set('epoch', '+', 1) }))
        .where('id', '=', id)
        .where('state', '=', 'awaiting')
        .execute();
      await rows
        .updateTable('job')
        .set({ state: 'running', until: null, wish: 'cancel', wish_by: nobody })
        .where('id', '=', id)
        .where('state', 'in', ['asking', 'parked'])
        .execute();
      await touchCards(rows, id);
      await audit(rows, { kind: 'cancel', job: id, detail: { reason: nobody } });
    });
  }
}

/** Nothing about the jobs since then is left to be said. */
export async function allSaid({ rows }: Database): Promise<boolean> {
  const waiting = await rows.selectFrom('delivery').select('id').where('state', '=', 'waiting').limit(1).execute();
  return waiting.length === 0;
}
