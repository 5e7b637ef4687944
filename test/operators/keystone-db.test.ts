import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDatabases } from '../../src/mysql/databases.ts';
import { type CloudDatabases, cell1, cell2, cloudDatabases, rootDsn } from './cloud.ts';

const now = new Date('2026-03-10T12:00:00Z');
const limits = { signal: new AbortController().signal, limitMs: 20_000, fullScan: false };
const fernet = `gAAAAA${'B'.repeat(180)}`;

let cloud: CloudDatabases;
const open: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  cloud = await cloudDatabases();
  // 20,000 rows: 50 days up to tomorrow, one in 50 revoked.
  await cloud.root.query(
    `INSERT INTO ${cloud.keystone.name}.token (id, expires, extra, valid)
     SELECT MD5(seq), ? - INTERVAL MOD(seq, 50) DAY, REPEAT('x', 200), MOD(seq DIV 50, 50) > 0 FROM seq_1_to_20000`,
    ['2026-03-11 06:00:00'],
  );
  await cloud.root.query(`ANALYZE TABLE ${cloud.keystone.name}.token`);
});
afterAll(async () => {
  for (const databases of open) await databases.close();
  await cloud.drop();
});

const uuid = '0123456789abcdef0123456789abcdef';

function connect(ownToken?: string, dsn = rootDsn(cloud.keystone)) {
  const databases = connectDatabases({
    cloud: 'prod',
    dsns: { keystone: dsn, cells: { [cell1]: rootDsn(cloud.cells[cell1] ?? cloud.api) } },
    ...(ownToken === undefined ? {} : { ownToken: async () => ({ id: ownToken, lifetimeMs: 3_600_000 }) }),
    now: () => now,
  });
  open.push(databases);
  return databases;
}

async function withIndexes(kept: readonly string[], work: () => Promise<void>): Promise<void> {
  const all: Record<string, string> = { ix_token_expires: 'expires', ix_token_expires_valid: 'expires, valid' };
  const gone = Object.keys(all).filter((name) => !kept.includes(name));
  for (const name of gone) await cloud.root.query(`DROP INDEX ${name} ON ${cloud.keystone.name}.token`);
  try {
    await work();
  } finally {
    for (const name of gone)
      await cloud.root.query(`CREATE INDEX ${name} ON ${cloud.keystone.name}.token (${all[name]})`);
  }
}

test('live, expired and revoked rows and their days come from the index', async () => {
  const table = await connect(fernet).tokens(limits);
  expect(table).toMatchObject({
    exists: true,
    provider: 'fernet',
    counts: { live: 392, expired: 19_600, revoked: 8 },
  });
  expect(table.histogram).toHaveLength(50);
  expect(table.histogram[0]).toEqual({ day: '2026-01-21', rows: 400 });
  expect(table.oldest).toEqual(new Date('2026-01-21T06:00:00Z'));
  expect(table.indexes).toContain('ix_token_expires_valid (expires, valid)');
  expect(table.dataBytes).toBeGreaterThan(1_000_000);
});

test('with an index on expires alone nothing but that index is read', async () => {
  await withIndexes(['ix_token_expires'], async () => {
    expect(await connect().tokens(limits)).toMatchObject({ counts: { live: 400, expired: 19_600, revoked: null } });
  });
});

test('without an index nothing is counted unless a full scan is asked for', async () => {
  await withIndexes([], async () => {
    expect(await connect().tokens(limits)).toMatchObject({ exists: true, counts: null, histogram: [], oldest: null });
    expect(await connect().tokens({ ...limits, fullScan: true })).toMatchObject({
      counts: { live: 392, revoked: 8 },
    });
  });
});

test('a count that takes too long is stopped and told', async () => {
  expect(await connect().tokens({ ...limits, limitMs: 1 })).toMatchObject({ exists: true, counts: null });
});

test('a count ends when nobody waits for it any more', async () => {
  const stop = new AbortController();
  stop.abort(new Error('cancelled'));
  await expect(connect().tokens({ ...limits, signal: stop.signal })).rejects.toThrow('cancelled');
});

test.each([
  [fernet, 'fernet'],
  ['eyJ0eXAi.eyJzdWIi.c2lnbmF0dXJl', 'jws'],
  ['0123456789abcdef0123456789abcdef', 'uuid'],
  ['MIIEzgYJKoZIhvcNAQcCoIIEvzCCBLsC', 'pki'],
  ['something-else', 'unknown'],
])('the token %s tells its provider', async (token, provider) => {
  expect((await connect(token).tokens(limits)).provider).toBe(provider);
});

test('a UUID or PKI token that is no row is in memcache', async () => {
  const { name } = cloud.keystone;
  const pki = 'MIIEzgYJKoZIhvcNAQcCoIIEvzCCBLsC';
  expect(await connect(uuid).tokens(limits)).toMatchObject({ provider: 'uuid', stored: false });
  expect(await connect(pki).tokens(limits)).toMatchObject({ provider: 'pki', stored: false });
  expect(await connect(fernet).tokens(limits)).toMatchObject({ provider: 'fernet', stored: null });
  const values = `(?, '2026-03-11 06:00:00', '', 1), (MD5(?), '2026-03-11 06:00:00', '', 1)`;
  await cloud.root.query(`INSERT INTO ${name}.token (id, expires, extra, valid) VALUES ${values}`, [uuid, pki]);
  try {
    expect(await connect(uuid).tokens(limits)).toMatchObject({ provider: 'uuid', stored: true });
    expect(await connect(pki).tokens(limits)).toMatchObject({ provider: 'pki', stored: true });
  } finally {
    await cloud.root.query(`DELETE FROM ${name}.token WHERE id IN (?, MD5(?))`, [uuid, pki]);
  }
});

test('the column grants of a careful operator are enough', async () => {
  const account = await cloud.account(cloud.keystone, 'SELECT (id, expires, valid) ON {db}.token');
  expect(await connect(fernet, account.dsn).tokens(limits)).toMatchObject({ counts: { live: 392, expired: 19_600 } });
});

test('a table that may not be read is not taken for one that is not there', async () => {
  const account = await cloud.account(cloud.keystone, 'SELECT (id) ON {db}.trust');
  await expect(connect(fernet, account.dsn).tokens(limits)).rejects.toThrow(
    'does not let this account use table token',
  );
  await cloud.root.query(`RENAME TABLE ${cloud.keystone.name}.token TO ${cloud.keystone.name}.away`);
  try {
    expect(await connect(fernet).tokens(limits)).toMatchObject({ exists: false, provider: 'fernet', counts: null });
  } finally {
    await cloud.root.query(`RENAME TABLE ${cloud.keystone.name}.away TO ${cloud.keystone.name}.token`);
  }
});

test('what grows is counted where it may be, and what may not says why', async () => {
  const { name } = cloud.keystone;
  await cloud.root.query(
    `INSERT INTO ${name}.revocation_event (issued_before, revoked_at) VALUES ('2026-01-01', '2026-01-01')`,
  );
  await cloud.root.query(
    `INSERT INTO ${name}.trust (id, trustor_user_id, trustee_user_id, impersonation, expires_at, deleted_at) VALUES
     ('a', 'u', 'v', 1, '2026-03-10 11:59:59', NULL), ('b', 'u', 'w', 1, '2026-03-10 12:00:01', NULL), ('c', 'u', 'x', 1, NULL, '2026-01-01')`,
  );
  await cloud.root.query(
    `INSERT INTO ${name}.application_credential (id, name, secret_hash, user_id, expires_at) VALUES ('a', 'a', '', 'u', ?), ('b', 'b', '', 'u', ?), ('c', 'c', '', 'u', NULL)`,
    [(now.getTime() - 1000) * 1000, (now.getTime() + 1000) * 1000],
  );
  await cloud.server(cell1, { deleted: 5 });
  const growth = await connect(fernet).growth(limits);
  const rows = Object.fromEntries(growth.map(({ table, what, rows: found }) => [`${table} ${what}`, found]));
  expect(rows).toMatchObject({
    'revocation_event revocations': 1,
    'trust expired': 1,
    'trust soft-deleted': 1,
    'application_credential expired': 1,
    'instances deleted': 1,
  });
  const account = await cloud.account(cloud.keystone, 'SELECT (id) ON {db}.token');
  const poor = await connect(fernet, account.dsn).growth(limits);
  expect(poor[0]).toMatchObject({
    table: 'revocation_event',
    rows: null,
    why: expect.stringContaining('does not let this account use'),
  });
});

test('tables that this account does not see are not taken for tables that do not grow', async () => {
  const cell = cloud.cells[cell1] ?? cloud.api;
  const account = await cloud.account(cell, 'SELECT (deleted) ON {db}.instances');
  const databases = connectDatabases({
    cloud: 'prod',
    dsns: { keystone: rootDsn(cloud.keystone), cells: { [cell1]: account.dsn } },
    now: () => now,
  });
  open.push(databases);
  const growth = await databases.growth(limits);
  expect(growth.find(({ table }) => table === 'instances')).toMatchObject({ why: null });
  const unseen = growth.filter(({ why }) => why?.includes('does not let this account use')).map(({ table }) => table);
  expect(unseen).toEqual(expect.arrayContaining(['instance_actions', 'task_log', 'shadow_instances']));
  const none = connectDatabases({
    cloud: 'prod',
    dsns: { keystone: rootDsn(cloud.keystone), novaApi: rootDsn(cloud.api), cells: { [cell1]: rootDsn(cell) } },
    now: () => now,
  });
  open.push(none);
  const seen = await none.growth(limits);
  expect(seen.filter(({ why }) => why !== null)).toEqual([
    expect.objectContaining({ database: `cell ${cell2} (cell2)`, why: 'no DSN: vigie.cells in clouds.yaml' }),
  ]);
});
