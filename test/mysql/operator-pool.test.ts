import { expect, test } from 'vitest';
import { openOperatorPool } from '../../src/mysql/operator-pool.ts';
import { rootDsn } from '../operators/cloud.ts';
import { freshDatabase } from '../setup/servers.ts';

test('a thousand ids are looked up by the key, and never made a table of', async () => {
  const fresh = await freshDatabase('pool');
  const pool = openOperatorPool(rootDsn(fresh), 'keystone of prod');
  await pool.raw({ sql: 'CREATE TABLE token SELECT MD5(seq) AS id FROM seq_1_to_50000' });
  await pool.raw({ sql: 'ALTER TABLE token ADD PRIMARY KEY (id)' });
  const ids = Array.from({ length: 1500 }, (_, index) => `${index}`);
  const plan = await pool.raw({
    sql: 'EXPLAIN DELETE token FROM token FORCE INDEX (PRIMARY) WHERE id IN (?)',
    values: [ids],
  });
  expect(plan.map((row) => row.slice(2, 4).map(String))).toEqual([['token', 'range']]);
  await pool.close();
  await fresh.drop();
});
