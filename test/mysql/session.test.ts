import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/mysql/database.ts';
import { freshDatabase } from '../setup/servers.ts';

test('every connection is READ COMMITTED, in UTC, and gives up a lock wait after 5 s', async () => {
  const fresh = await freshDatabase('session');
  const database = await openDatabase(fresh.url);
  const answer = await sql<{ zone: string; isolation: string; wait: number }>`
    SELECT @@session.time_zone AS zone, @@session.tx_isolation AS isolation, @@session.innodb_lock_wait_timeout AS wait`.execute(
    database.rows,
  );
  expect(answer.rows).toEqual([{ zone: '+00:00', isolation: 'READ-COMMITTED', wait: 5 }]);
  await database.close();
  await fresh.drop();
});
