import { afterAll, beforeAll, expect, test } from 'vitest';
import { probe } from '../../src/mysql/dumps/probes.ts';
import { type OperatorPool, openOperatorPool } from '../../src/mysql/operator-pool.ts';
import type { DumpFacts } from '../../src/openstack/cloud.ts';
import { type BackupCloud, backupCloud } from './cloud.ts';

let cloud: BackupCloud;
let pool: OperatorPool;
beforeAll(async () => {
  cloud = await backupCloud({ tokens: 1 });
  pool = openOperatorPool(cloud.server.root.replace('/?', '/mysql?'), 'the scratch server');
});
afterAll(async () => {
  await pool.close();
  await cloud.drop();
});

const tables = { keystone: ['project', 'user'], nova: ['instances', 'compute_nodes'], nova_api: ['cell_mappings'] };
/** Not of a probe's interest, but of the tables that tell an API's database. */
const beside = { keystone: [], nova: [], nova_api: ['instance_mappings'] };

type Which = keyof typeof tables;

function nameOf(which: Which): string {
  const [keystone = '', nova = '', nova_api = ''] = cloud.server.databases;
  return { keystone, nova, nova_api }[which];
}

/** As a manifest would have it. */
function facts(): DumpFacts {
  const databases = (Object.keys(tables) as Which[]).map((which) => {
    const held = [...tables[which], ...beside[which], 'alembic_version'];
    return { name: nameOf(which), revision: ['abc123'], tables: Object.fromEntries(held.map((table) => [table, 1])) };
  });
  return { databases } as unknown as DumpFacts;
}

test('a cloud is known by what every cloud has', async () => {
  expect(await probe(pool, facts())).toEqual([
    `${nameOf('keystone')}: 1 domain, 1 project, 1 user`,
    `${nameOf('nova')}: 0 servers`,
    `${nameOf('nova_api')}: 1 cell and cell0`,
    ...(['keystone', 'nova', 'nova_api'] as const).map((which) => `${nameOf(which)}: revision abc123`),
  ]);
});

test.each<[string, Which, string, string]>([
  ['without a project', 'keystone', 'DELETE FROM project WHERE is_domain = 0', 'holds no project'],
  ['without a domain', 'keystone', "DELETE FROM project WHERE id = 'default'", 'holds no domain'],
  ['without a user', 'keystone', 'DELETE FROM user', 'holds no user: nobody could log in'],
  ['without cell0', 'nova_api', "DELETE FROM cell_mappings WHERE name = 'cell0'", 'does not know cell0'],
  ['without a cell', 'nova_api', "DELETE FROM cell_mappings WHERE name <> 'cell0'", 'knows no cell but cell0'],
  ['without a revision', 'nova', 'DELETE FROM alembic_version', 'does not know the revision of its own schema'],
  [
    'of another revision',
    'nova',
    "UPDATE alembic_version SET version_num = 'def456'",
    'has revision def456, and abc123 was dumped',
  ],
])('%s it is no cloud, and that is the reason', async (_what, which, change, said) => {
  const { root } = cloud;
  const name = nameOf(which);
  await root.query(`USE ${name}`);
  const all = [...tables[which], 'alembic_version'];
  for (const table of all) await root.query(`CREATE OR REPLACE TABLE kept_${table} AS SELECT * FROM ${table}`);
  await root.query(change);
  await expect(probe(pool, facts())).rejects.toThrow(`${name} ${said}`);
  for (const table of all) {
    await root.query(`DELETE FROM ${table}`);
    await root.query(`INSERT INTO ${table} SELECT * FROM kept_${table}`);
  }
});
