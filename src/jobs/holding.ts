import type { Database } from '../mysql/database.ts';
import { dbIn, dbNow } from './store.ts';

/** Holds something that only one process may hold (a chat's connection, the clock), for so long; true while it is ours. */
export async function hold(database: Database, what: string, holder: string, ms: number): Promise<boolean> {
  const { rows } = database;
  await rows
    .insertInto('holding')
    .ignore()
    .values({ what, holder: '', until: dbIn(-1000) })
    .execute();
  const held = await rows
    .updateTable('holding')
    .set({ holder, until: dbIn(ms) })
    .where('what', '=', what)
    .where((where) => where.or([where('holder', '=', holder), where('until', '<', dbNow)]))
    .executeTakeFirst();
  return held.numUpdatedRows === 1n;
}

export async function letGoOf(database: Database, holder: string): Promise<void> {
  await database.rows
    .updateTable('holding')
    .set({ until: dbIn(-1000) })
    .where('holder', '=', holder)
    .execute();
}
