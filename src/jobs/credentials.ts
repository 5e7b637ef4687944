import type { Database } from '../mysql/database.ts';
import { dbNow } from './store.ts';

/** Where all workers remember which credential a Keystone refused: no account gets locked by a bot that tries again. */
export function credentialGate({ rows }: Database) {
  return {
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
