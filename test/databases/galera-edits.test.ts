import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { orderOf, soon } from '../operators/runbook-ground.ts';
import { onDebian } from '../setup/debian.ts';
import { type Cluster, openCluster, status } from './cluster.ts';
import { editOnce, openThings, type Things, undoOnce } from './edits.ts';

/** The provider comes as Debian's package. */
const real = test.runIf(onDebian);
vi.setConfig({ hookTimeout: 120_000 });

let cluster: Cluster;
let things: Things;
let databases: ReturnType<Things['connect']>;
/** Holds up what the first node applies of the other one's writes. */
let gate: Connection;
let other: Connection;
beforeAll(async () => {
  if (!onDebian) return;
  cluster = await openCluster(async () => undefined);
  things = await openThings(cluster.nodes[0]);
  await things.root.query('CREATE TABLE gate (id int PRIMARY KEY, passed int)');
  await things.root.query('INSERT INTO gate VALUES (1, 0)');
  databases = things.connect();
});
afterAll(async () => {
  await databases?.close();
  await things?.close();
  await cluster?.drop();
});
beforeEach(async () => {
  if (!onDebian) return;
  await things.root.query('DELETE FROM things');
  await things.root.query("INSERT INTO things SET id = 1, state = 'stuck', amount = 1, big = 1, secret = 's3cret'");
  [gate, other] = [await things.other(), await cluster.nodes[1].connect('things')];
  await other.query('SET SESSION wsrep_sync_wait = 1');
});
afterEach(() => {
  gate?.destroy();
  other?.destroy();
});

let edits = 0;

async function preview() {
  edits += 1;
  const seen = await databases.previewEdit({ runbook: 'things-set', typed: { state: 'stuck' }, cell: null });
  return orderOf(`g${edits}`, seen);
}

async function row(by: Connection = things.root): Promise<unknown> {
  const [rows] = await by.query<import('mysql2').RowDataPacket[]>('SELECT state, amount, big, secret FROM things');
  return rows[0];
}

/** The other node wrote first, and the first one has not seen it when the act says COMMIT. */
async function whileBehind<T>(write: string, act: () => Promise<T>): Promise<T> {
  const failures = async () => Number(await status(cluster.nodes[0], 'wsrep_local_cert_failures'));
  const before = await failures();
  await gate.query('LOCK TABLES gate WRITE');
  await other.query('START TRANSACTION');
  await other.query('UPDATE gate SET passed = passed + 1');
  await other.query(write);
  await other.query('COMMIT');
  const doing = act();
  const ended = doing.catch(() => undefined);
  await vi.waitUntil(async () => (await failures()) > before, { timeout: 60_000, interval: 20 });
  await gate.query('UNLOCK TABLES');
  await ended;
  return doing;
}

real(
  'an edit that another node was quicker than fails its certification at COMMIT, and is done again, once',
  async () => {
    const order = await preview();
    const edited = await whileBehind('UPDATE things SET big = 7', () => editOnce(databases, order));
    expect(edited.rows).toBe(1);
    const both = { state: 'was stuck', amount: '2.500000', big: 7, secret: 'changed' };
    expect([await row(), await row(other)]).toEqual([both, both]);

    const undo = { job: order.job, sha256: edited.undo?.sha256 ?? '' };
    expect(await whileBehind('UPDATE things SET big = 8', () => undoOnce(databases, undo))).toBe(1);
    const before = { state: 'stuck', amount: '1.000000', big: 8, secret: 's3cret' };
    expect([await row(), await row(other)]).toEqual([before, before]);
  },
);

real('where the other node changed what was shown, nothing is done: what was approved is another row', async () => {
  const order = await preview();
  const edit = whileBehind("UPDATE things SET secret = 'theirs'", () => editOnce(databases, order));
  await expect(edit).rejects.toThrow('the row is not as shown when this was approved: nothing was changed, ask again');
  const theirs = { state: 'stuck', amount: '1.000000', big: 1, secret: 'theirs' };
  expect([await row(), await row(other)]).toEqual([theirs, theirs]);
});

real('where the other node changed what the edit left, nothing is undone', async () => {
  const order = await preview();
  const { undo } = await databases.edit(order, soon());
  const undoing = { job: order.job, sha256: undo?.sha256 ?? '' };
  const undone = whileBehind("UPDATE things SET secret = 'theirs'", () => undoOnce(databases, undoing));
  await expect(undone).rejects.toThrow('things 1 was changed by somebody else since (secret): nothing was undone');
  expect(await row(other)).toMatchObject({ state: 'was stuck', secret: 'theirs' });
});

real('a node that is not Synced is changed by nobody: one sentence says so', async () => {
  const order = await preview();
  await things.root.query('SET GLOBAL wsrep_desync = ON');
  const refused =
    /^keystone's database of demo is a Galera node that is Donor\/Desynced, not Synced: nothing is changed there$/;
  await expect(preview()).rejects.toThrow(refused);
  await expect(databases.edit(order, soon())).rejects.toThrow(refused);
  expect(await row()).toMatchObject({ state: 'stuck' });
  await things.root.query('SET GLOBAL wsrep_desync = OFF');
  await synced();
  const { undo } = await databases.edit(order, soon());

  await things.root.query('SET GLOBAL wsrep_desync = ON');
  await expect(databases.previewUndo(order.job, undo)).rejects.toThrow(refused);
  await expect(databases.undoEdit({ job: order.job, sha256: undo?.sha256 ?? '' }, soon())).rejects.toThrow(refused);
  expect(await row()).toMatchObject({ state: 'was stuck' });
  await things.root.query('SET GLOBAL wsrep_desync = OFF');
  await synced();
});

real('a node that its cluster lost is told in one sentence, too', async () => {
  await things.root.query("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'");
  const lost = async () => (await status(cluster.nodes[0], 'wsrep_cluster_status')) !== 'Primary';
  await vi.waitUntil(lost, { timeout: 60_000 });
  await expect(preview()).rejects.toThrow(
    /^keystone's database of demo is a Galera node that is (not ready: is the|\w+, not Synced)/,
  );
  await things.root.query("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'");
  await synced();
});

async function synced(): Promise<void> {
  const state = async () => (await status(cluster.nodes[0], 'wsrep_local_state_comment')) === 'Synced';
  await vi.waitUntil(state, { timeout: 60_000 });
}
