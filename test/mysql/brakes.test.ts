import { expect, test } from 'vitest';
import { openBrakes } from '../../src/mysql/brakes.ts';
import { DatabaseSilence } from '../../src/mysql/operator-errors.ts';
import type { OperatorPool, RawRow } from '../../src/mysql/operator-pool.ts';
import { lagOf } from '../../src/mysql/replica-lag.ts';

/** A server as far as its status goes. */
function serverWith(status: Readonly<Record<string, string | number>>): OperatorPool {
  const rows = Object.entries(status).map(([name, value]): RawRow => [Buffer.from(name), Buffer.from(`${value}`)]);
  const pool: Partial<OperatorPool> = { label: 'keystone’s database of prod', raw: async () => rows };
  return pool as OperatorPool; // brakes ask for nothing else
}

const synced = {
  Threads_running: 1,
  Innodb_row_lock_current_waits: 0,
  wsrep_cluster_status: 'Primary',
  wsrep_ready: 'ON',
  wsrep_local_state_comment: 'Synced',
  wsrep_flow_control_paused_ns: 0,
  wsrep_local_recv_queue: 0,
};

test.each([
  ['nothing is in the way', {}, null],
  [
    'a part that is not Primary',
    { wsrep_cluster_status: 'non-Primary' },
    'is in a part of its Galera cluster that is not',
  ],
  ['not ready', { wsrep_ready: 'OFF' }, 'is a Galera node that is Synced, not Synced'],
  ['a donor', { wsrep_local_state_comment: 'Donor/Desynced' }, 'that is Donor/Desynced, not Synced'],
  ['a hundred write sets wait', { wsrep_local_recv_queue: 100 }, null],
  ['more of them wait', { wsrep_local_recv_queue: 101 }, 'has 101 write sets of other nodes to catch up with'],
  ['Galera is loaded and off', { wsrep_cluster_status: 'Disconnected', wsrep_ready: 'OFF' }, null],
  ['busy', { Threads_running: 26 }, 'runs 26 statements at once'],
  ['locks', { Innodb_row_lock_current_waits: 6 }, '6 statements wait for row locks'],
])('%s', async (_what, status, said) => {
  const answer = await openBrakes({ keystone: serverWith({ ...synced, ...status }), replicas: [] })();
  if (said === null) expect(answer).toBeNull();
  else expect(answer).toContain(said);
});

function replicaThat(answer: () => Promise<object[]>): OperatorPool {
  const pool = { label: 'replica 1', read: (schema: { parse(row: object): object }) => rowsOf(schema, answer) };
  return pool as unknown as OperatorPool; // the lag is all that is asked for
}

async function rowsOf(schema: { parse(row: object): object }, answer: () => Promise<object[]>): Promise<object[]> {
  return (await answer()).map((row) => schema.parse(row));
}

const gone = new DatabaseSilence('replica 1 cannot be reached', 'replica 1', {
  problem: 'unreachable',
  code: 'ENOTFOUND',
});

test.each([
  ['keeps up', async () => [{ Seconds_Behind_Master: 0 }], null, false],
  ['is behind', async () => [{ Seconds_Behind_Source: 40 }], 'replica 1 is 40 s behind', false],
  ['has stopped', async () => [{ Seconds_Behind_Master: null }], 'replica 1 does not replicate', false],
  ['is none', async () => [], 'replica 1 is no replica: its replica status is empty', true],
  ['cannot be reached', () => Promise.reject(gone), 'replica 1 cannot be reached', false],
])('a replica that %s', async (_what, answer, trouble, lasting) => {
  expect(await lagOf(replicaThat(answer))).toEqual({ trouble, lasting });
});
