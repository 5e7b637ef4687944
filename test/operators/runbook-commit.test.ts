import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readUndo } from '../../src/archive/undo-file.ts';
import { databaseProblem, inWords } from '../../src/mysql/operator-errors.ts';
import { type OperatorPool, openOperatorPool } from '../../src/mysql/operator-pool.ts';
import { writeEdit } from '../../src/mysql/runbook-edit.ts';
import { editOf } from '../../src/mysql/runbook-rows.ts';
import { restoreRows } from '../../src/mysql/runbook-undo.ts';
import { openRunbooks } from '../../src/runbooks/folder.ts';
import { rootDsn } from './cloud.ts';
import { ago, computeService, type Ground, openGround, orderOf, soon, stuckServer } from './runbook-ground.ts';

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

/** The approved edit of a server that hangs, upon this pool. */
async function approved(by: OperatorPool): Promise<{ server: string; write(): ReturnType<typeof writeEdit> }> {
  const server = await stuckServer(ground);
  const preview = await ground.databases.previewEdit({
    ...{ runbook: 'task-state', typed: { server, guest: 'shutoff' }, cell: null },
  });
  const order = orderOf(randomBytes(4).toString('hex'), preview);
  const { runbooks } = await openRunbooks(['runbooks'])();
  const runbook = runbooks.find(({ head }) => head.name === order.runbook);
  if (runbook === undefined) throw new Error('no runbook');
  const edit = await editOf(pool, runbook, { ...order.values, now: ago(0) });
  const writing = { cloud: 'prod', spot: { pool: by, cell: order.cell }, edit, order, folder: ground.undo };
  return { server, write: () => writeEdit(writing, soon()) };
}

async function taskOf(server: string): Promise<unknown> {
  return (await ground.query('SELECT task_state FROM instances WHERE uuid = ?', [server]))[0]?.['task_state'];
}

const unanswered = { code: 'PROTOCOL_SEQUENCE_TIMEOUT', errno: 'x' };
const closed = { code: 'PROTOCOL_CONNECTION_LOST', errno: 'x', fatal: true };

function broken(how: object): unknown {
  return inWords(Object.assign(new Error('it broke'), how), 'cell of prod', 10);
}

test.each([unanswered, closed])('an edit whose COMMIT got no answer ($code) was done: the rows tell', async (how) => {
  const { server, write } = await approved({
    ...pool,
    async transaction(work) {
      await pool.transaction(work);
      throw broken(how);
    },
  });
  expect(await write()).toMatchObject({ rows: 1, left: 0, doubt: null, undo: { path: expect.anything() } });
  expect(await taskOf(server)).toBeNull();
});

/** The transaction came to its COMMIT, which the server never saw. */
const never = (how: object): OperatorPool['transaction'] =>
  async function rolledBack(work) {
    await pool
      .transaction(async (session) => {
        await work(session);
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    throw broken(how);
  };

test('an edit whose COMMIT got no answer and does not show is unproven: it may come yet', async () => {
  const { server, write } = await approved({ ...pool, transaction: never(unanswered) });
  expect(await write()).toMatchObject({
    rows: 1,
    doubt: 'COMMIT was not answered, and the rows do not show it: it may have been done, or be done yet',
  });
  expect(await taskOf(server)).toBe('powering-off');
});

test('one whose connection was closed before its COMMIT is looked into again, and nothing was done', async () => {
  const { server, write } = await approved({ ...pool, transaction: never(closed) });
  await expect(write()).rejects.toThrow('closed the connection in the middle of the work');
  expect(await taskOf(server)).toBe('powering-off');
});

test('a row that somebody changes right after an edit’s COMMIT is no failure, and is told', async () => {
  const { server, write } = await approved({
    ...pool,
    async rawFresh(statement) {
      await ground.query("UPDATE instances SET task_state = 'deleting' WHERE uuid = ?", [server]);
      return pool.rawFresh(statement);
    },
  });
  expect(await write()).toMatchObject({ rows: 1, doubt: 'written; somebody changed it right after' });
});
