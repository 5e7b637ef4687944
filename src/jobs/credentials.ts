import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../mysql/database.ts';
import { hold, letGoOf } from './holding.ts';
import { dbNow } from './store.ts';

/** A login that takes longer no longer keeps the others back: what hangs is not refused. */
const loginMs = 20_000;
const lookEveryMs = 100;

/** Where all workers remember which credential a Keystone refused: no account gets locked by a bot that tries again. */
export function credentialGate(database: Database) {
  const { rows } = database;
  return {
    /** One worker at a time: the others wait for what Keystone says to the first, instead of asking it too. */
    async alone<T>(cloud: string, fingerprint: string, login: () => Promise<T>): Promise<T> {
      const holder = `login-${randomBytes(8).toString('hex')}`;
      while (!(await hold(database, `login:${cloud}/${fingerprint.slice(0, 32)}`, holder, loginMs)))
        await sleep(lookEveryMs);
      try {
        return await login();
      } finally {
        await letGoOf(database, holder).catch(() => undefined);
      }
    },
    async isBad(cloud: string, fingerprint: string): Promise<string | null> {
      const found = await rows
        .selectFrom('credential')
        .select('why')
        .where('cloud', '=', cloud)
        .where('fingerprint', '=', fingerprint)
        .executeTakeFirst();
      return found?.why ?? null;
    },
    async markBad(cloud: string, fingerprint: string, why: string): Promise<void> {
      await rows.insertInto('credential').ignore().values({ cloud, fingerprint, why, at: dbNow }).execute();
    },
  };
}
