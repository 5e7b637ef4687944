import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { onDebian } from '../setup/debian.ts';
import { type Cluster, openCluster, status } from './cluster.ts';
import { openSweeping, type Sweeping } from './sweeping.ts';
import { archiveFolder, balance, fillTokens, number, tokenTable } from './tokens.ts';

/** The provider comes as Debian's package. */
const real = test.runIf(onDebian);

let cluster: Cluster;
let root: Connection;
let other: Connection;
let place: ReturnType<typeof archiveFolder>;
let sweeping: Sweeping | null = null;
beforeAll(async () => {
  if (!onDebian) return;
  cluster = await openCluster(async (first) => {
    const connection = await first.connect();
    await connection.query('CREATE DATABASE keystone');
    await connection.end();
  });
}, 120_000);
afterAll(async () => cluster?.drop());
beforeEach(async () => {
  if (!onDebian) return;
  [root, other] = [await cluster.nodes[0].connect('keystone'), await cluster.nodes[1].connect('keystone')];
  await root.query('DROP TABLE IF EXISTS token, original');
  await root.query(tokenTable);
  await fillTokens(root, 'keystone', 6000, 1500);
  place = archiveFolder();
}, 60_000);
afterEach(async () => {
  await sweeping?.close();
  sweeping = null;
  root?.destroy();
  other?.destroy();
  place?.drop();
});

const archive = () => ({ folder: place.folder, publicKey: 'none', privateKey: null });
const dsns = () => ({ keystone: cluster.nodes[0].dsn('keystone') });
const expired = 'SELECT COUNT(*) AS n FROM token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY';

async function expectClean(): Promise<void> {
  expect(await balance(root, 'keystone', { folder: place.folder })).toMatchObject({ lost: 0, livingGone: 0, left: 0 });
  await other.query('SET SESSION wsrep_sync_wait = 1');
  expect(await number(other, expired)).toBe(0);
}

real('the two nodes are one cluster', async () => {
  expect(await status(cluster.nodes[1], 'wsrep_cluster_size')).toBe('2');
  expect(await status(cluster.nodes[1], 'wsrep_local_state_comment')).toBe('Synced');
});

real(
  'another node changes rows of a chunk first: certification fails, the chunk is taken again, nothing is lost',
  async () => {
    const conflicts = async () =>
      Number(await status(cluster.nodes[0], 'wsrep_local_bf_aborts')) +
      Number(await status(cluster.nodes[0], 'wsrep_local_cert_failures'));
    const before = await conflicts();
    let storming = true;
    let touched = 0;
    // Touches the next expired rows, on the other node, as fast as it goes.
    const storm = (async () => {
      while (storming) {
        await other
          .query(
            `UPDATE token SET valid = 1 - valid WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY ORDER BY id LIMIT 40`,
          )
          .catch(() => undefined);
        touched += 1;
      }
    })();
    // Each delete leaves when the next of those updates does.
    const together = async () => {
      for (const since = touched; touched === since; ) await delay(1);
    };
    sweeping = openSweeping({ dsns: dsns(), archive: archive(), onChunk: together });
    const outcome = await sweeping.run();
    storming = false;
    await storm;
    expect(outcome).toMatchObject({ state: 'done' });
    const after = await conflicts();
    console.info(`${after - before} conflicts`);
    expect(after).toBeGreaterThan(before);
    const left = await number(root, expired);
    expect(left).toBe(0);
  },
);

real('flow control: while a node cannot keep up the purge waits, then goes on and ends', async () => {
  await other.query("SET GLOBAL wsrep_provider_options = 'gcs.fc_limit=2;gcs.fc_factor=0.5'");
  await makeSlow(other);
  const flood = new AbortController();
  let over: Promise<unknown> = Promise.resolve();
  sweeping = openSweeping({
    dsns: dsns(),
    archive: archive(),
    onChunk: async (chunk) => {
      if (chunk !== 2) return;
      over = Promise.all([0, 1, 2, 3].map((part) => changeMuch(part, flood.signal)));
      await heldBack().finally(() => flood.abort());
    },
  });
  expect(await sweeping.run()).toMatchObject({ state: 'done' });
  await over;
  await other.query("SET GLOBAL wsrep_provider_options = 'gcs.fc_limit=16;gcs.fc_factor=1.0'");
  expect(sweeping.notes.join('\n')).toContain('waiting: Galera held all writes back');
  await root.query('TRUNCATE TABLE original');
  expect(await number(root, expired)).toBe(0);
});

/** A dozen indexes of its own on what others change: this node applies slower than the first one writes. */
async function makeSlow(node: Connection): Promise<void> {
  const columns = ['id', 'expires', 'user_id', 'trust_id'];
  const pairs = columns.flatMap((one) => columns.filter((two) => two !== one).map((two) => `(valid, ${one}, ${two})`));
  await node.query("SET SESSION wsrep_OSU_method = 'RSU'");
  await node.query(`ALTER TABLE original ${pairs.map((pair, n) => `ADD INDEX slow_${n} ${pair}`).join(', ')}`);
  await node.query("SET SESSION wsrep_OSU_method = 'TOI'");
}

const patienceMs = 40_000;

/** Resolves once all writes were held back for a third of the time since it was called. */
async function heldBack(): Promise<void> {
  const paused = async () => Number(await status(cluster.nodes[0], 'wsrep_flow_control_paused_ns')) / 1e6;
  const [began, before] = [performance.now(), await paused()];
  for (;;) {
    await delay(200);
    const took = performance.now() - began;
    const held = (await paused()) - before;
    if (took > 1500 && held > took / 3) return;
    if (took > patienceMs) throw new Error(`held back for ${Math.round(held)} of ${Math.round(took)} ms only`);
  }
}

/** Large transactions on the first node, one after the other, on rows of their own. */
async function changeMuch(part: number, flood: AbortSignal): Promise<void> {
  const connection = await cluster.nodes[0].connect('keystone');
  while (!flood.aborted)
    await connection
      .query('UPDATE original SET valid = 1 - valid WHERE CRC32(id) % 4 = ?', [part])
      .catch(() => undefined);
  await connection.end();
}

real('a node that is not Synced is not written to until it is', async () => {
  await root.query('SET GLOBAL wsrep_desync = ON');
  sweeping = openSweeping({ dsns: dsns(), archive: archive() });
  const ending = sweeping.run();
  await delay(1500);
  expect(sweeping.marks).toHaveLength(0);
  expect(sweeping.notes.at(-1)).toContain('Galera node that is Donor/Desynced, not Synced');
  await root.query('SET GLOBAL wsrep_desync = OFF');
  expect(await ending).toMatchObject({ state: 'done' });
  await expectClean();
});
