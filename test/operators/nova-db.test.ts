import { createConnection, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectDatabases, type OperatorDsns } from '../../src/mysql/databases.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { ServerId } from '../../src/openstack/names.ts';
import { grantsOn } from '../databases/documented.ts';
import { mariadbUrl } from '../setup/servers.ts';
import { deniedTo } from './accounts.ts';
import { type CloudDatabases, cell1, cell2, cloudDatabases, dsnOf, rootDsn } from './cloud.ts';

const unknown = ServerId.parse('6f1c0b3e-58d4-4c07-9a3f-1f0e6f9f2d11');
const mapGrants = [
  'SELECT (instance_uuid, cell_id, project_id, queued_for_delete) ON {db}.instance_mappings',
  'SELECT (id, uuid, name, disabled) ON {db}.cell_mappings',
];
const flagGrant =
  'SELECT (uuid, deleted, host, vm_state, task_state, disable_terminate), UPDATE (disable_terminate) ON {db}.instances';

let cloud: CloudDatabases;
const open: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  cloud = await cloudDatabases();
});
afterEach(async () => {
  for (const databases of open.splice(0)) await databases.close();
});
afterAll(() => cloud.drop());

function connect(dsns: OperatorDsns) {
  const databases = connectDatabases({ cloud: 'prod', dsns, now: () => new Date() });
  open.push(databases);
  return databases;
}

function everything(): OperatorDsns {
  return { novaApi: rootDsn(cloud.api), cells: cellDsns() };
}

function cellDsns(): Record<string, string> {
  return Object.fromEntries(Object.entries(cloud.cells).map(([uuid, database]) => [uuid, rootDsn(database)]));
}

function limits(ms = 2000) {
  return { signal: new AbortController().signal, notAfter: performance.now() + ms };
}

async function flagOf(cell: string, id: ServerId): Promise<unknown> {
  const [rows] = await cloud.root.query(
    `SELECT disable_terminate AS flag, updated_at FROM ${cloud.cells[cell]?.name}.instances WHERE uuid = ?`,
    [id],
  );
  return rows;
}

test('the flag is written in the cell that nova_api names, and nowhere else', async () => {
  const databases = connect(everything());
  const one = await cloud.server(cell1);
  const two = await cloud.server(cell2, { name: 'db' });
  expect(await databases.setDisableTerminate(two, true, limits())).toMatchObject({
    id: two,
    name: 'db',
    cell: cell2,
    disableTerminate: true,
  });
  expect(await databases.instance(one)).toMatchObject({ cell: cell1, host: 'cmp1', disableTerminate: false });
  expect((await databases.protectedInstances()).map(({ id }) => id)).toEqual([two]);
  await databases.setDisableTerminate(two, false, limits());
  expect(await databases.protectedInstances()).toEqual([]);
});

test('the zone an owner asked for is in the request, not where Nova put the server; unknown where that cannot be read', async () => {
  const databases = connect(everything());
  const [pinned, free] = [await cloud.server(cell1), await cloud.server(cell1)];
  for (const [id, zone] of [
    [pinned, 'az1'],
    [free, null],
  ] as const) {
    const spec = JSON.stringify({ 'nova_object.data': { availability_zone: zone } });
    await cloud.root.query(`INSERT INTO ${cloud.api.name}.request_specs (instance_uuid, spec) VALUES (?, ?)`, [
      id,
      spec,
    ]);
  }
  expect(await databases.requestedZone(pinned)).toBe('az1');
  expect(await databases.requestedZone(free)).toBeNull();
  expect(await databases.requestedZone(unknown)).toBeUndefined();
  expect(await connect({ cells: cellDsns() }).requestedZone(pinned)).toBeUndefined();
  const narrow = await cloud.account(cloud.api, ...mapGrants);
  expect(await connect({ novaApi: narrow.dsn, cells: cellDsns() }).requestedZone(pinned)).toBeUndefined();
  const zones = await cloud.account(cloud.api, ...mapGrants, ...grantsOn('nova_api', 'docs/maintenance.md'));
  expect(await connect({ novaApi: zones.dsn, cells: cellDsns() }).requestedZone(pinned)).toBe('az1');
  const tries = ['SELECT id FROM request_specs', 'DELETE FROM request_specs', "UPDATE request_specs SET spec = ''"];
  expect(await deniedTo(zones.dsn, tries)).toEqual(tries);
});

test('updated_at is left alone, and the same word twice is harmless', async () => {
  const databases = connect(everything());
  const id = await cloud.server(cell1);
  await databases.setDisableTerminate(id, true, limits());
  await databases.setDisableTerminate(id, true, limits());
  expect(await flagOf(cell1, id)).toEqual([{ flag: 1, updated_at: '2026-01-02 03:04:05' }]);
});

test('the column grants of a careful operator are enough', async () => {
  const api = await cloud.account(cloud.api, ...mapGrants);
  const cells = await Promise.all(
    Object.entries(cloud.cells).map(async ([uuid, database]) => [uuid, (await cloud.account(database, flagGrant)).dsn]),
  );
  const databases = connect({ novaApi: api.dsn, cells: Object.fromEntries(cells) });
  const id = await cloud.server(cell2);
  expect(await databases.setDisableTerminate(id, true, limits())).toMatchObject({
    name: null,
    disableTerminate: true,
  });
  expect(await databases.cellsWithoutDsn()).toEqual([]);
});

test('without nova_api every cell is searched, and one living row is needed', async () => {
  const databases = connect({ cells: cellDsns() });
  const id = await cloud.server(cell2);
  expect(await databases.setDisableTerminate(id, true, limits())).toMatchObject({ cell: cell2 });
  expect(await databases.instance(unknown)).toBeNull();
  await expect(databases.setDisableTerminate(unknown, true, limits())).rejects.toThrow(
    /^no configured cell of prod has a living server 6f1c0b3e/,
  );
  await cloud.root.query(`INSERT INTO ${cloud.cells[cell1]?.name}.instances (uuid, deleted, hidden) VALUES (?, 0, 0)`, [
    id,
  ]);
  await expect(databases.setDisableTerminate(id, false, limits())).rejects.toThrow('add vigie.nova_api in clouds.yaml');
  // The row of a server that is moving between cells.
  await cloud.root.query(`UPDATE ${cloud.cells[cell1]?.name}.instances SET hidden = 1 WHERE uuid = ?`, [id]);
  expect(await databases.setDisableTerminate(id, false, limits())).toMatchObject({
    cell: cell2,
    disableTerminate: false,
  });
});

test('what is missing is said with the line of clouds.yaml that would mend it', async () => {
  const id = await cloud.server(cell2);
  const { [cell2]: _, ...cells } = cellDsns();
  const databases = connect({ novaApi: rootDsn(cloud.api), cells });
  await expect(databases.setDisableTerminate(id, true, limits())).rejects.toThrow(
    `no DSN for cell ${cell2} of prod: add it under vigie.cells in clouds.yaml`,
  );
  expect(await databases.cellsWithoutDsn()).toContain(`${cell2} (cell2)`);
  await expect(connect({ cells: {} }).protectedInstances()).rejects.toThrow('no DSN for any cell of prod');
  await expect(connect({ cells: {} }).tokens({ ...limits(), limitMs: 1000, fullScan: false })).rejects.toThrow(
    'vigie.keystone',
  );
});

test('a server that is going, gone or not placed yet is told in words', async () => {
  const databases = connect(everything());
  const going = await cloud.server(cell1);
  const unplaced = await cloud.server(cell1);
  const dead = await cloud.server(cell1, { deleted: 77 });
  await cloud.root.query(
    `UPDATE ${cloud.api.name}.instance_mappings SET queued_for_delete = 1 WHERE instance_uuid = ?`,
    [going],
  );
  await cloud.root.query(`UPDATE ${cloud.api.name}.instance_mappings SET cell_id = NULL WHERE instance_uuid = ?`, [
    unplaced,
  ]);
  await expect(databases.setDisableTerminate(going, true, limits())).rejects.toThrow('queued for deletion');
  await expect(databases.setDisableTerminate(unplaced, true, limits())).rejects.toThrow('has no cell yet');
  await expect(databases.setDisableTerminate(unknown, true, limits())).rejects.toThrow('maps no server');
  await expect(databases.setDisableTerminate(dead, true, limits())).rejects.toThrow('has 0 living rows');
  expect(await databases.instance(unplaced)).toBeNull();
  expect(await databases.instance(dead)).toBeNull();
});

test('a request that is late does not leave', async () => {
  const databases = connect(everything());
  const id = await cloud.server(cell1);
  const late = await databases.setDisableTerminate(id, true, limits(-1)).catch((error: unknown) => error);
  expect(late).toBeInstanceOf(OpenStackError);
  expect(late).toMatchObject({ problem: 'not-sent' });
  expect(await flagOf(cell1, id)).toMatchObject([{ flag: null }]);
});

test('a row locked by someone else for a moment is waited for', async () => {
  const databases = connect(everything());
  const id = await cloud.server(cell1);
  const name = cloud.cells[cell1]?.name;
  await cloud.root.query('START TRANSACTION');
  await cloud.root.query(`SELECT id FROM ${name}.instances WHERE uuid = ? FOR UPDATE`, [id]);
  const writing = databases.setDisableTerminate(id, true, limits(20_000));
  await new Promise((resolve) => setTimeout(resolve, 1300)); // longer than one lock wait: the transaction runs again
  await cloud.root.query('COMMIT');
  expect(await writing).toMatchObject({ disableTerminate: true });
});

test('a value cannot become a statement', async () => {
  const databases = connect({ cells: cellDsns() });
  const other = await cloud.server(cell1);
  // What a brand would never let through, forced through.
  const evil = `x' OR '1'='1` as ServerId;
  expect(await databases.instance(evil)).toBeNull();
  await expect(databases.setDisableTerminate(evil, true, limits())).rejects.toThrow('no configured cell');
  expect(await flagOf(cell1, other)).toMatchObject([{ flag: null }]);
});

test('a wrong password, a missing grant and a dead server are sentences without secrets', async () => {
  const database = cloud.cells[cell1];
  if (database === undefined) throw new Error('no cell');
  const account = await cloud.account(database, 'SELECT (uuid, deleted) ON {db}.instances');
  const failing: [dsn: string, words: RegExp][] = [
    [
      dsnOf(database, { user: account.user, password: 'S3cret!' }),
      /^cell 8561\S+ of prod refused the login: check user and password/,
    ],
    [account.dsn, /shows this account no column host, vm_state, task_state, disable_terminate of table instances/],
    ['mysql+pymysql://nova:S3cret!@127.0.0.1:1/nova', /cannot be reached/],
    [dsnOf({ ...database, name: 'nowhere' }, account), /does not let this account use the database/],
  ];
  for (const [dsn, words] of failing) {
    const error = await connect({ cells: { [cell1]: dsn } })
      .instance(unknown)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ message: expect.stringMatching(words) });
    expect(JSON.stringify([error, String(error), (error as Error).cause, (error as Error).stack])).not.toMatch(
      /S3cret|p@ss|SELECT uuid/,
    );
  }
});

test('the anonymous user of a default install is found out', async () => {
  await cloud.root.query("CREATE USER ''@localhost");
  try {
    const database = cloud.cells[cell1];
    if (database === undefined) throw new Error('no cell');
    await cloud.root.query(`GRANT SELECT ON ${database.name}.* TO ''@localhost`);
    const databases = connect({ cells: { [cell1]: dsnOf(database, { user: 'ghost', password: '' }) } });
    await expect(databases.instance(unknown)).rejects.toThrow('has no account ghost');
  } finally {
    await cloud.root.query("DROP USER ''@localhost");
  }
});

test.each<[string, (client: Socket) => void, string]>([
  ['accepts', () => undefined, 'cannot be reached'],
  ['lets us in', onlyLogin, 'did not answer within 10 s'],
])('a server that %s and then says nothing is given up', { timeout: 20_000 }, async (_what, serve, said) => {
  const silent = createServer(serve).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { username, password } = new URL(mariadbUrl());
  const dsn = `mysql://${username}:${password}@127.0.0.1:${port}/${cloud.cells[cell1]?.name}`;
  await expect(connect({ cells: { [cell1]: dsn } }).instance(unknown)).rejects.toThrow(said);
  silent.close();
});

/** The run's own server, which hears nothing after that. */
function onlyLogin(client: Socket): void {
  const server = createConnection(new URL(mariadbUrl()).searchParams.get('socketPath') ?? '');
  server.pipe(client);
  client.once('data', (login) => server.write(login));
  for (const end of [server, client])
    end.on('error', () => undefined).on('close', () => (end === server ? client : server).destroy());
}

test.each([
  ['postgresql://a:b@c/d', 'cannot be read'],
  ['{scheme}://{username}:{password}@{hostname}/nova', 'cannot be read'],
  ['mysql+pymysql://nova:hunter2@db', 'cannot be read'],
  ['mysql+pymysql://nova:100%@db/nova', 'cannot be read'],
  ['mysql+pymysql://nova:hunter2@db/nova?ssl_ca=/nowhere.pem', 'names /nowhere.pem'],
])('the DSN %s is refused without being repeated', (dsn, words) => {
  expect(() => connect({ cells: { [cell1]: dsn } })).toThrow(words);
  expect(() => connect({ cells: { [cell1]: dsn } })).not.toThrow('hunter2');
});
