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

/** The same for what is still this holder's own; false where another one has had it since. */
async function prolong(database: Database, what: string, holder: string, ms: number): Promise<boolean> {
  const held = await database.rows
    .updateTable('holding')
    .set({ until: dbIn(ms) })
    .where('what', '=', what)
    .where('holder', '=', holder)
    .executeTakeFirst();
  return held.numUpdatedRows === 1n;
}

/** What one process holds, by its own clock. */
export interface Hold {
  /** It is ours at this very moment: who was frozen must not go on with what another one has by now. */
  mine(): boolean;
  /** The same, prolonged where that is due. */
  keep(): Promise<boolean>;
  /** Another process may have it at once; `keep` takes it again if none has. */
  leave(): Promise<void>;
}

interface Holding {
  readonly what: string;
  readonly holder: string;
  readonly ms: number;
  /** It was not ours without a break: another process may have held it. */
  anew(): void;
}

export function openHold(database: Database, { what, holder, ms, anew }: Holding): Hold {
  let until = 0;
  const mine = () => performance.now() < until;
  return {
    mine,
    async keep() {
      const asked = performance.now();
      if (asked > until - ms / 2) {
        const prolonged = await prolong(database, what, holder, ms);
        if (!prolonged) anew();
        until = prolonged || (await hold(database, what, holder, ms)) ? asked + ms : 0;
      }
      return mine();
    },
    async leave() {
      if (!mine()) return;
      until = 0;
      await letGoOf(database, holder, what);
    },
  };
}

/** Of one thing that it holds, or of all. */
export async function letGoOf(database: Database, holder: string, what?: string): Promise<void> {
  const ended = database.rows
    .updateTable('holding')
    .set({ until: dbIn(-1000) })
    .where('holder', '=', holder);
  await (what === undefined ? ended : ended.where('what', '=', what)).execute();
}
