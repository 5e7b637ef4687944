import type { RowDataPacket } from 'mysql2';
import { afterEach, expect, test, vi } from 'vitest';
import { type BackupCloud, backupCloud } from '../backups/cloud.ts';
import { onDebian } from '../setup/debian.ts';
import { openCluster, status } from './cluster.ts';
import { type OwnServer, ownServer } from './server.ts';

/** The provider comes as Debian's package. */
const real = test.runIf(onDebian);

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A cloud's databases there, and the account that has the documented grants. */
async function cloudOn({ socket }: OwnServer): Promise<BackupCloud> {
  const url = `mysql://root@localhost/mysql?socketPath=${encodeURIComponent(socket)}`;
  const cloud = await backupCloud({ tokens: 50, url });
  closing.push(() => cloud.drop());
  return cloud;
}

async function survey(cloud: BackupCloud): Promise<unknown> {
  const dumps = cloud.dumps();
  const [main] = dumps.servers();
  if (main === undefined) throw new Error('no server');
  return dumps.survey(main, { signal: new AbortController().signal });
}

test('a server with a binary log: where it stood at the snapshot is in the manifest, by the documented grants', async () => {
  const server = await ownServer(['--log-bin=bin', '--server-id=7', '--gtid-domain-id=3']);
  closing.push(() => server.drop());
  await server.start();
  const cloud = await cloudOn(server);
  await survey(cloud);
  const [[master]] = await cloud.root.query<RowDataPacket[]>('SHOW MASTER STATUS');
  const [[at]] = await cloud.root.query<RowDataPacket[]>('SELECT @@gtid_binlog_pos AS gtid');
  const made = await cloud.dump();
  expect(at?.['gtid']).toMatch(/^3-7-\d+$/);
  expect(made.facts).toMatchObject({
    position: `${master?.['File']}:${master?.['Position']}`,
    gtid: at?.['gtid'],
    galera: null,
  });
  await cloud.root.query(`INSERT INTO ${cloud.keystone}.user (name) VALUES ('later')`);
  expect((await cloud.dump()).facts.gtid).not.toBe(made.facts.gtid);
  expect(await cloud.prove(made)).toMatchObject({ verdict: 'proven' });
});

real(
  'a node of Galera: the cluster’s position is in the manifest; while it is not Synced nothing is dumped',
  async () => {
    const cluster = await openCluster(async () => undefined);
    closing.push(() => cluster.drop());
    const [node] = cluster.nodes;
    const cloud = await cloudOn(node);
    await survey(cloud);
    const uuid = await status(node, 'wsrep_cluster_state_uuid');
    const committed = await status(node, 'wsrep_last_committed');
    const made = await cloud.dump();
    expect(made.facts.galera).toBe(`${uuid}:${committed}`);
    expect(await cloud.prove(made)).toMatchObject({ verdict: 'proven' });

    await cloud.root.query('SET GLOBAL wsrep_desync = ON');
    const refused =
      /database server main of demo is a Galera node that is Donor\/Desynced, not Synced: look at it first$/;
    await expect(survey(cloud)).rejects.toThrow(refused);
    await expect(cloud.dump()).rejects.toThrow(refused);
    await cloud.root.query('SET GLOBAL wsrep_desync = OFF');
    await vi.waitUntil(async () => (await status(node, 'wsrep_local_state_comment')) === 'Synced', { timeout: 60_000 });
    expect((await cloud.dump()).facts.tool).toContain('MariaDB');
  },
);
