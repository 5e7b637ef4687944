import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { scratchOf } from '../backups/cloud.ts';
import { pathWithDump, realDump } from '../backups/dump-program.ts';
import { type BackupGround, backupGround } from '../backups/ground.ts';
import { type Doomed, openDoomed } from './doomed.ts';

interface Dumping extends Doomed {
  readonly ground: BackupGround;
  files(): string[];
  rows(): Promise<{ name: string; state: string }[]>;
}

async function openDumping(): Promise<Dumping> {
  const ground = backupGround();
  const doomed = await openDoomed((server) => {
    const { target, publicKey, privateKey, scratch, servers } = ground.settings(server);
    return { backup: { folder: target, public_key: publicKey, private_key: privateKey, scratch, servers } };
  });
  const { cloud, story } = doomed.stage;
  await ground.admit(cloud.databaseServer);
  const root = await createConnection(cloud.databaseServer.root);
  await root.query(`USE ${cloud.databaseServer.databases[0]}`);
  await root.query("INSERT INTO token (id, valid, extra) SELECT MD5(seq), 1, REPEAT('x', 6000) FROM seq_1_to_4000");
  await root.end();
  return {
    ...doomed,
    ground,
    files: () => readdirSync(join(ground.folder, 'dumps')).toSorted(),
    rows: () => story.database.rows.selectFrom('backup').select(['name', 'state']).execute(),
    async close() {
      await doomed.close();
      await ground.drop();
    },
  };
}

async function asked({ stage }: Dumping): Promise<string> {
  const { job } = await stage.plan('backup run');
  if ((await stage.story.state(job)) === 'awaiting') await stage.approve(job);
  return job;
}

/** One dump, whole, beside its manifest; proven; and nothing of what was begun before. */
async function expectProven(dumping: Dumping, job: string): Promise<void> {
  const { state, words } = await dumping.takenUp(job);
  expect([state, words]).toEqual(['done', expect.stringMatching(/^backup of demo proven/)]);
  const [{ name, state: known } = { name: '', state: '' }, ...others] = await dumping.rows();
  expect([known, others]).toEqual(['proven', []]);
  expect(dumping.files()).toEqual([name, `${name}.json`]);
  expect(readdirSync(scratchOf(dumping.ground))).toEqual([]);
}

test.concurrent('a worker killed in the middle of a dump leaves nothing that counts: the next dumps anew, and proves it', async () => {
  const dumping = await openDumping();
  try {
    // Some frames are on the disk; then its own program kills it.
    const script = `${realDump} "$@" | { head -c 20000000; sleep 0.5; kill -9 $PPID; }`;
    const worker = await dumping.start({ PATH: pathWithDump(dumping.ground.folder, script) });
    const job = await asked(dumping);
    await worker.gone();
    expect(dumping.files()).toEqual([expect.stringMatching(/^dump-demo-main-\d{8}-\w+\.sql\.zst\.sealed\.\w+\.part$/)]);
    expect(await dumping.rows()).toEqual([]);
    await expectProven(dumping, job);
  } finally {
    await dumping.close();
  }
});

test.concurrent('a dump that is whole and whose manifest was never written is no dump: it is made again', async () => {
  const dumping = await openDumping();
  try {
    const worker = await dumping.start({ DIES_AT: '1 after .sql.zst.sealed' });
    const job = await asked(dumping);
    await worker.gone();
    expect(dumping.files()).toEqual([expect.stringMatching(/\.sql\.zst\.sealed$/)]);
    expect(await dumping.rows()).toEqual([]);
    await expectProven(dumping, job);
  } finally {
    await dumping.close();
  }
});

test.concurrent('a dump with its manifest that no row knows of yet is taken as it is, and proven', async () => {
  const dumping = await openDumping();
  try {
    const worker = await dumping.start({ DIES_AT: '1 after .sql.zst.sealed.json' });
    const job = await asked(dumping);
    await worker.gone();
    const manifest = () => readFileSync(join(dumping.ground.folder, 'dumps', dumping.files()[1] ?? ''), 'utf8');
    const before = manifest();
    expect(await dumping.rows()).toEqual([]);
    await expectProven(dumping, job);
    expect(manifest()).toBe(before);
  } finally {
    await dumping.close();
  }
});

test.concurrent('a worker killed in the middle of a proof proved nothing: the next begins it with an empty server', async () => {
  const dumping = await openDumping();
  try {
    const worker = await dumping.start({});
    const job = await asked(dumping);
    await serverOfProof(scratchOf(dumping.ground));
    worker.signal('SIGKILL');
    await worker.gone();
    expect(await dumping.rows()).toEqual([{ name: expect.anything(), state: 'unproven' }]);
    await expectProven(dumping, job);
  } finally {
    await dumping.close();
  }
});

/** Resolves once it answers. */
async function serverOfProof(scratch: string): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await delay(20)) {
    const name = existsSync(scratch) ? readdirSync(scratch).find((one) => one.startsWith('proof-')) : undefined;
    const log = join(scratch, name ?? 'none', 'mariadb.log');
    if (existsSync(log) && readFileSync(log, 'utf8').includes('ready for connections')) return;
  }
  throw new Error('no proof began within a minute');
}
