import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { cell1 } from '../operators/cloud.ts';
import {
  ago,
  computeService,
  type Ground,
  openGround,
  orphanedBuild,
  soon,
  stuckServer,
} from '../operators/runbook-ground.ts';

let ground: Ground;
afterEach(() => ground.close());

/** As docs/runbooks.md tells them, for each runbook that comes with vigie: enough for it and for nothing else. */
const documented = readFileSync('docs/runbooks.md', 'utf8');

function grantsOf(runbook: string, database: 'nova' | 'nova_api'): string[] {
  const row =
    documented.split('\n').find((line) => line.startsWith(`| \`${runbook}\` `) && line.includes(' ON nova')) ?? '';
  const all = [
    ...row.matchAll(/``? ?((?:SELECT|UPDATE|INSERT|DELETE|REFERENCES)[^|]*? ON (nova(?:_api)?)\.(?:\w+|\*)) ?``?/g),
  ];
  const found = all
    .filter(([, , on]) => on === database)
    .map(([, grant = '']) => grant.replace(/ ON nova(?:_api)?\./, ' ON {db}.'));
  if (all.length === 0) throw new Error(`docs/runbooks.md has no grants of ${runbook}`);
  return found;
}

/** What finds the right one of several cells. */
function cellGrants(): string[] {
  const [, said = ''] = /A cloud with several cells also needs ([\s\S]*?) to find the right one/.exec(documented) ?? [];
  const found = [...said.replaceAll('\n', ' ').matchAll(/`(SELECT [^`]+ ON )nova_api(\.\w+)`/g)];
  return found.map(([, what, where]) => `${what}{db}${where}`);
}

const never = [
  'SELECT user_data FROM instances',
  'SELECT key_data FROM instances',
  'SELECT * FROM instances',
  'UPDATE instances SET host = "x"',
  'UPDATE instances SET deleted = 1',
  'UPDATE instances SET disable_terminate = 1',
  'DELETE FROM instances',
  'DELETE FROM migrations',
  'DELETE FROM services',
  'UPDATE services SET disabled = 1',
  'INSERT INTO instances (uuid) VALUES ("x")',
  'ALTER TABLE instances ADD COLUMN x int',
  'DROP TABLE instances',
  'TRUNCATE TABLE instances',
  'CREATE TABLE other (id int)',
  'SELECT * FROM mysql.user',
];

async function runAndUndo(
  runbook: string,
  typed: Readonly<Record<string, string>>,
  by: Awaited<ReturnType<Ground['as']>>,
): Promise<void> {
  const { job, edited } = await ground.run(runbook, typed, by.databases);
  expect(edited.rows).toBe(1);
  expect(await by.databases.undoEdit({ job, sha256: edited.undo?.sha256 ?? '' }, soon())).toBe(1);
}

test('the grants of task-state run and undo it, and do nothing else', async () => {
  ground = await openGround('zedCell');
  await computeService(ground);
  const by = await ground.as({ cell: grantsOf('task-state', 'nova') });
  await runAndUndo('task-state', { server: await stuckServer(ground), guest: 'shutoff' }, by);
  const tries = [...never, 'UPDATE migrations SET status = "error"', 'SELECT memory_total FROM migrations'];
  expect(await by.refused(tries)).toEqual(tries);
});

test('where there are several cells, two more grants find the right one, and read nothing else', async () => {
  ground = await openGround('zedCell', 'zedApi');
  await computeService(ground);
  const { name } = ground.api ?? {};
  const server = await stuckServer(ground);
  await ground.query(`INSERT INTO ${name}.cell_mappings (id, uuid, name) VALUES (7, ?, 'cell1')`, [cell1]);
  await ground.query(`INSERT INTO ${name}.instance_mappings (instance_uuid, cell_id, project_id) VALUES (?, 7, 'p')`, [
    server,
  ]);
  expect(cellGrants()).toHaveLength(2);
  const by = await ground.as({ cell: grantsOf('task-state', 'nova'), api: cellGrants() });
  await runAndUndo('task-state', { server, guest: 'shutoff' }, by);
  const tries = [
    `SELECT database_connection FROM ${name}.cell_mappings`,
    `SELECT transport_url FROM ${name}.cell_mappings`,
    `SELECT user_id FROM ${name}.instance_mappings`,
    `UPDATE ${name}.instance_mappings SET cell_id = 8`,
    `DELETE FROM ${name}.instance_mappings`,
    `SELECT * FROM ${name}.build_requests`,
    `SELECT * FROM ${name}.request_specs`,
  ];
  expect(await by.refused(tries)).toEqual(tries);
});

test('the grants of migration-record run and undo it, and do nothing else', async () => {
  ground = await openGround('zedCell');
  await computeService(ground);
  const server = await stuckServer(ground, { task_state: null });
  const migration = await ground.put('migrations', {
    ...{ instance_uuid: server, status: 'running', source_compute: 'cmp1', created_at: ago(300), deleted: 0 },
  });
  const by = await ground.as({ cell: grantsOf('migration-record', 'nova') });
  await runAndUndo('migration-record', { server, migration: `${migration}` }, by);
  const tries = [...never, 'UPDATE instances SET task_state = NULL', 'UPDATE migrations SET dest_compute = "x"'];
  expect(await by.refused(tries)).toEqual(tries);
});

test('the grants of orphaned-build run and undo it, and do nothing else', async () => {
  ground = await openGround('zedCell', 'zedApi');
  const server = await orphanedBuild(ground);
  const by = await ground.as({ api: grantsOf('orphaned-build', 'nova_api') });
  await runAndUndo('orphaned-build', { server }, by);
  const tries = [
    'SELECT database_connection FROM cell_mappings',
    'SELECT * FROM request_specs',
    'UPDATE build_requests SET project_id = "x"',
    'UPDATE instance_mappings SET cell_id = 1',
    'DELETE FROM instance_mappings',
    'DROP TABLE build_requests',
    'CREATE TABLE other (id int, FOREIGN KEY (id) REFERENCES build_requests (id))',
    'SELECT * FROM mysql.user',
  ];
  expect(await by.refused(tries)).toEqual(tries);
});

test('the grants of quota-usage and floating-ip run and undo them, and do nothing else', async () => {
  ground = await openGround('grizzly');
  await ground.put('quota_usages', { project_id: 'p', resource: 'cores', in_use: 4, reserved: 0, deleted: 0 });
  await ground.put('fixed_ips', { id: 9, address: '10.0.0.9', instance_uuid: 'gone', deleted: 0 });
  await ground.put('floating_ips', { address: '192.0.2.5', fixed_ip_id: 9, host: 'cmp1', deleted: 0 });
  const quota = await ground.as({ cell: grantsOf('quota-usage', 'nova') });
  await runAndUndo('quota-usage', { project: 'p', resource: 'cores' }, quota);
  const tries = [
    'UPDATE quota_usages SET until_refresh = 0',
    'DELETE FROM reservations',
    'SELECT * FROM instances',
    'SELECT * FROM mysql.user',
  ];
  expect(await quota.refused(tries)).toEqual(tries);
  const floating = await ground.as({ cell: grantsOf('floating-ip', 'nova') });
  await runAndUndo('floating-ip', { address: '192.0.2.5' }, floating);
  const others = [
    'UPDATE floating_ips SET project_id = "x"',
    'DELETE FROM floating_ips',
    'UPDATE fixed_ips SET allocated = 0',
    'SELECT user_data FROM instances',
  ];
  expect(await floating.refused(others)).toEqual(others);
});

test('an account that may not read what a runbook checks is told which grant is missing, and nothing is done', async () => {
  ground = await openGround('zedCell');
  await computeService(ground);
  const server = await stuckServer(ground);
  const by = await ground.as({ cell: grantsOf('task-state', 'nova').filter((grant) => !grant.includes('services')) });
  await expect(ground.run('task-state', { server, guest: 'shutoff' }, by.databases)).rejects.toThrow(
    /does not let this account use .*services: grant it/,
  );
  expect(await ground.query('SELECT task_state FROM instances')).toEqual([{ task_state: 'powering-off' }]);
});

test('an account that sees only some columns deletes nothing, for its undo would lose the others', async () => {
  ground = await openGround('zedCell', 'zedApi');
  const server = await orphanedBuild(ground);
  const some = grantsOf('orphaned-build', 'nova_api').filter((grant) => !grant.includes('build_requests'));
  const by = await ground.as({
    api: [...some, 'SELECT (id, instance_uuid, project_id, created_at, updated_at), DELETE ON {db}.build_requests'],
  });
  await expect(ground.run('orphaned-build', { server }, by.databases)).rejects.toThrow(
    /SELECT on the whole table build_requests/,
  );
});

test('an account that may not see every foreign key deletes nothing: what goes along could not be undone', async () => {
  ground = await openGround('zedCell', 'zedApi');
  const server = await orphanedBuild(ground);
  const all = grantsOf('orphaned-build', 'nova_api');
  const blind = await ground.as({ api: all.filter((grant) => !grant.includes('REFERENCES')) });
  await expect(ground.run('orphaned-build', { server }, blind.databases)).rejects.toThrow(
    new RegExp(`grant REFERENCES on ${ground.api?.name}\\.\\*, which lets it read nothing$`),
  );

  const { name = '' } = ground.api ?? {};
  await ground.query(
    `CREATE TABLE ${name}.notes (request int, FOREIGN KEY (request) REFERENCES ${name}.build_requests (id) ON DELETE CASCADE)`,
  );
  const seeing = await ground.as({ api: all });
  await expect(ground.run('orphaned-build', { server }, seeing.databases)).rejects.toThrow(
    'deleting from build_requests would change notes, too, and could not be undone: orphaned-build is refused',
  );
  expect(await seeing.refused(['SELECT * FROM notes', 'DELETE FROM notes'])).toHaveLength(2);
});
