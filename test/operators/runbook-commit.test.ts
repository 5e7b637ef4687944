import { afterAll, beforeAll, expect, test } from 'vitest';
import { readUndo } from '../../src/archive/undo-file.ts';
import { databaseProblem, inWords } from '../../src/mysql/operator-errors.ts';
import { type OperatorPool, openOperatorPool } from '../../src/mysql/operator-pool.ts';
import { restoreRows } from '../../src/mysql/runbook-undo.ts';
import { rootDsn } from './cloud.ts';
import { computeService, type Ground, openGround, soon, stuckServer } from './runbook-ground.ts';

let ground: Ground;
let pool: OperatorPool;
beforeAll(async () => {
  ground = await openGround('zedCell');
  await computeService(ground);
  pool = openOperatorPool(rootDsn(ground.cell), 'cell of prod');
});
afterAll(async () => {
  await pool.close();
  await ground.close();
});

async function written() {
  const server = await stuckServer(ground);
  const { job } = await ground.run('task-state', { server, guest: 'shutoff' });
  const found = await readUndo(ground.undo, { cloud: 'prod', job });
  if (found === null) throw new Error('no row images');
  return { server, record: found.record };
}

test('a row that somebody changes right after an answered COMMIT makes it unclear, not failed', async () => {
  const { server, record } = await written();
  const late: OperatorPool = {
    ...pool,
    async rawFresh(statement) {
      await ground.query("UPDATE instances SET task_state = 'deleting' WHERE uuid = ?", [server]);
      return pool.rawFresh(statement);
    },
  };
  expect(await restoreRows(late, record, soon())).toBe('unclear');
});

test('a connection that was closed before a statement left is one that broke, too', () => {
  const closed = Object.assign(new Error("Can't add new command when connection is in closed state"), { fatal: true });
  expect(databaseProblem(inWords(closed, 'cell of prod', 10))).toBe('unreachable');
});

test('a COMMIT that is not answered in time is looked into: the rows tell that it was done', async () => {
  const { record } = await written();
  const silent = inWords(
    Object.assign(new Error('timeout'), { code: 'PROTOCOL_SEQUENCE_TIMEOUT', errno: 'x' }),
    'cell of prod',
    10,
  );
  const hung: OperatorPool = {
    ...pool,
    async transaction(work) {
      await pool.transaction(work);
      throw silent;
    },
  };
  expect(await restoreRows(hung, record, soon())).toBe(1);
});
