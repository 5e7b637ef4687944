import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unpacked } from '../setup/debian.ts';
import { freePort, type OwnServer, ownServer } from './server.ts';

/** Two nodes of one Galera cluster on loopback, with Debian's provider, unpacked. */
export interface Cluster {
  readonly nodes: readonly [OwnServer, OwnServer];
  drop(): Promise<void>;
}

/** The second begins with the first one's data: the same state, so nothing has to be copied over. */
export async function openCluster(prepare: (first: OwnServer) => Promise<void>): Promise<Cluster> {
  const root = await unpacked('galera', ['galera-4']);
  const ports = [await freePort(), await freePort()];
  const address = `gcomm://${ports.map((port) => `127.0.0.1:${port}`).join(',')}`;
  const options = async (port: number | undefined): Promise<string[]> => [
    '--wsrep-on=ON',
    `--wsrep-provider=${join(root, 'usr/lib/libgalera_smm.so')}`,
    '--wsrep-cluster-name=vigie-test',
    '--binlog-format=ROW',
    '--innodb-autoinc-lock-mode=2',
    // Only named: the data is the same already, and what is missing comes as single write sets.
    '--wsrep-sst-method=mysqldump',
    '--wsrep-node-address=127.0.0.1',
    `--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:${port};ist.recv_addr=127.0.0.1:${await freePort()};gcs.fc_limit=16;gcache.size=64M`,
  ];
  const scripts = mkdtempSync(join(tmpdir(), 'vigie-sst-'));
  writeFileSync(join(scripts, 'wsrep_sst_mysqldump'), bypass, { mode: 0o755 });
  const env = { PATH: `${scripts}:${process.env['PATH']}` };
  const first = await ownServer(await options(ports[0]), { env });
  await first.start(['--wsrep-new-cluster', `--wsrep-cluster-address=${address}`]);
  await prepare(first);
  await first.stop();
  const second = await ownServer(await options(ports[1]), { copyOf: first.data, env });
  writeFileSync(join(scripts, 'socket'), second.socket);
  await first.start(['--wsrep-new-cluster', `--wsrep-cluster-address=${address}`]);
  await second.start([`--wsrep-cluster-address=${address}`]);
  await untilSynced(second);
  return {
    nodes: [first, second],
    drop: async () => {
      await second.drop();
      await first.drop();
      rmSync(scripts, { recursive: true });
    },
  };
}

/** There is nothing to copy: the donor's program only tells the other where it stands. */
const bypass = `#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = --gtid ] && gtid=$2; shift; done
exec mariadb --no-defaults -S "$(cat "$(dirname "$0")/socket")" -u root -e "SET GLOBAL wsrep_start_position='$gtid'"
`;

async function untilSynced(node: OwnServer): Promise<void> {
  for (const until = performance.now() + 20_000; performance.now() < until; await delay(200)) {
    const [size, state] = [await status(node, 'wsrep_cluster_size'), await status(node, 'wsrep_local_state_comment')];
    if (size === '2' && state === 'Synced') return;
  }
  throw new Error(`the second node is ${await status(node, 'wsrep_local_state_comment')}: ${node.errors()}`);
}

/** A status variable of a node. */
export async function status(node: OwnServer, name: string): Promise<string> {
  const connection = await node.connect();
  const [rows] = await connection.query<({ Value: string } & import('mysql2').RowDataPacket)[]>(
    'SHOW GLOBAL STATUS LIKE ?',
    [name],
  );
  await connection.end();
  return rows[0]?.Value ?? '';
}
