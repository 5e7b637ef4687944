import type { Rows } from '../mysql/database.ts';
import { JobState, rests } from './job.ts';

/** A message is answered when its jobs have ended or wait for a person, and all that is to be said about them was said. */
export async function isAnswered(rows: Rows, messageKey: string): Promise<boolean> {
  const jobs = await rows.selectFrom('job').select(['id', 'state']).where('message_key', '=', messageKey).execute();
  if (jobs.some(({ state }) => !rests(JobState.parse(state)))) return false;
  const unsaid = await rows
    .selectFrom('delivery')
    .select('id')
    .where('state', '=', 'waiting')
    .where((where) =>
      where.or([where('message_key', '=', messageKey), where('job', 'in', ['', ...jobs.map(({ id }) => id)])]),
    )
    .limit(1)
    .execute();
  return unsaid.length === 0;
}
