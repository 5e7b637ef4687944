import type { Database } from '../mysql/database.ts';
import { open } from './job.ts';
import { dbIn, dbNow } from './store.ts';

const day = 86_400_000;
/** Rows per statement: a delete holds its locks for a moment only. */
const batch = 1000;

/**
 * Forgets what nothing asks for any more: what was heard and which slots fired (two weeks), what was said (a month),
 * files past their end, workers long gone. Jobs, votes and the audit stay.
 */
export async function prune(database: Database): Promise<void> {
  const { rows } = database;
  await inBatches(() =>
    rows
      .deleteFrom('heard')
      .where('at', '<', dbIn(-14 * day))
      .limit(batch)
      .executeTakeFirst(),
  );
  await inBatches(() =>
    rows
      .deleteFrom('slot')
      .where('slot', '<', dbIn(-14 * day))
      .limit(batch)
      .executeTakeFirst(),
  );
  await inBatches(() => saidLongAgo(database));
  await expiredArtifacts(database);
  await rows
    .deleteFrom('worker')
    .where('last_seen', '<', dbIn(-30 * day))
    .execute();
}

async function inBatches(remove: () => Promise<{ numDeletedRows: bigint }>): Promise<void> {
  while ((await remove()).numDeletedRows === BigInt(batch));
}

/** What is not said yet, or shows a job that goes on, stays. */
function saidLongAgo({ rows }: Database) {
  return rows
    .deleteFrom('delivery')
    .where('state', '!=', 'waiting')
    .where('created_at', '<', dbIn(-30 * day))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('job').select('job.id').whereRef('job.id', '=', 'delivery.job').where('job.state', 'in', open),
        ),
      ),
    )
    .limit(batch)
    .executeTakeFirst();
}

async function expiredArtifacts({ rows }: Database): Promise<void> {
  const over = await rows.selectFrom('artifact').select('id').where('until', '<', dbNow).limit(batch).execute();
  for (const { id } of over) {
    await rows.deleteFrom('artifact_chunk').where('artifact', '=', id).execute();
    await rows.deleteFrom('artifact').where('id', '=', id).execute();
  }
}
