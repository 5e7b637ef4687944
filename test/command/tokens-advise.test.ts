import { expect, test } from 'vitest';
import type { PlanContext } from '../../src/command/command.ts';
import { advise } from '../../src/command/tokens/advise.ts';
import type { CloudReader, GrowthCount, TokenSurvey, TokenTable } from '../../src/openstack/cloud.ts';
import { survey, table } from './keystone-seen.ts';

async function lines(
  tokens: Partial<TokenTable>,
  seen: Partial<TokenSurvey> = {},
  growth: readonly GrowthCount[] = [],
  nova = 79,
): Promise<string[]> {
  const databases: Partial<CloudReader['databases']> = {
    tokens: async () => ({ ...table, ...tokens }),
    tokenSurvey: async () => ({ ...survey, ...seen }),
    growth: async () => [...growth],
  };
  const about = async () => ({ computeVersion: { major: 2, minor: nova } });
  const cloud = { name: 'prod', databases, about } as unknown as PlanContext['cloud'];
  const context: Partial<PlanContext> = {
    cloud,
    signal: new AbortController().signal,
    now: new Date('2026-11-29T12:00:00Z'),
  };
  const { blocks } = await advise(context as PlanContext); // what the advice does not ask for is not there
  return blocks.map((block) => (block.kind === 'text' ? block.text : block.kind));
}

test('UUID: five lines, from how fast it grows to what to type', async () => {
  expect(await lines({})).toEqual([
    'Provider: UUID in SQL: every login is a row; Juno or newer (schema 67).',
    'Size: 1000000 rows, 900000 expired, 4 GB; about 31000 rows a day, as yesterday.',
    'Indexes: ix_token_expires, ix_token_expires_valid, ix_token_user_id; missing ix_token_trust_id: tokens index makes them.',
    'Retention: Keystone deletes nothing by itself; 48 h after it expired a row may go (890000 rows now). The oldest expired 2026-08-01 00:00 UTC.',
    'Do: [token] expiration 3600, tokens purge by a schedule every hour or day; from Kilo on move to Fernet, which stores nothing (keys on every node first).',
  ]);
});

test('PKI on Grizzly: no index is made that the next migration makes, and a schedule would count every row', async () => {
  const grizzly = { schema: 22, expired: null, expiresIndex: null, indexNames: ['PRIMARY'] };
  const said = await lines({ provider: 'pki', counts: null, histogram: [], oldest: null }, grizzly);
  expect(said).toEqual([
    'Provider: PKI in SQL: every login is a large row with the signed catalog; Grizzly (schema 22).',
    'Size: about 900000 rows, not counted, 4 GB; growth not counted.',
    'Indexes: none; this release has none of its own, and the next makes them itself.',
    'Retention: Keystone deletes nothing by itself; 48 h after it expired a row may go (not counted now).',
    'Do: leave PKI: UUID is the same rows without the catalog, Fernet (Kilo and newer) none; until then [token] expiration 3600 and tokens purge by hand: without an index on expires a schedule counts every row of the table against its --max.',
  ]);
});

test('Fernet: what the old provider left, and what grows instead, cell by cell, with whose work it is', async () => {
  const growth: GrowthCount[] = [
    { database: 'keystone', table: 'revocation_event', what: 'revocations', rows: 4000, why: null },
    { database: 'keystone', table: 'trust', what: 'expired', rows: 12, why: null },
    { database: 'keystone', table: 'application_credential', what: 'expired', rows: 3, why: null },
    { database: 'cell 1', table: 'instances', what: 'deleted', rows: 70_000, why: null },
    { database: 'cell 2', table: 'instances', what: 'deleted', rows: 0, why: null },
  ];
  const [provider, size, , , todo] = await lines({ provider: 'fernet' }, { schema: 'alembic' }, growth);
  expect([provider, size]).toEqual([
    'Provider: Fernet: tokens carry themselves, nothing is stored; Yoga or newer.',
    'Size: 1000000 rows, 900000 expired, 4 GB; what grows instead: keystone revocation_event 4000 revocations, keystone trust 12 expired, keystone application_credential 3 expired, cell 1 instances 70000 deleted.',
  ]);
  expect(todo).toBe(
    'Do: tokens purge --cloud prod takes what the old provider left; keep the table, db_sync expects it; ' +
      'tokens purge --table revocation_event --cloud prod, for every token check reads it; ' +
      'keystone-manage trust_flush for expired trusts (soft-deleted ones go with it); expired application credentials stay until their owners delete them; ' +
      'nova-manage db archive_deleted_rows --until-complete --all-cells for Nova’s deleted rows.',
  );
});

test('Fernet, and every row that the old provider left is old: archived, the table may be emptied at once', async () => {
  const counts = { live: 0, expired: 890_000, revoked: 0 };
  const [, , , , todo] = await lines({ provider: 'fernet', stored: null, counts }, { schema: 'alembic' });
  expect(todo).toBe(
    'Do: tokens archive --cloud prod, then TRUNCATE TABLE token by hand takes what the old provider left and gives its disk back (never DROP: db_sync expects the table).',
  );
});

test('advice names only what the release has', async () => {
  const growth: GrowthCount[] = [
    { database: 'keystone', table: 'trust', what: 'expired', rows: 12, why: null },
    { database: 'cell 1', table: 'instances', what: 'deleted', rows: 70_000, why: null },
  ];
  const said = async (schema: TokenSurvey['schema'], nova: number) =>
    (await lines({ provider: 'fernet', counts: null }, { schema, expired: 0 }, growth, nova))[4];
  expect(await said(97, 25)).toBe(
    'Do: expired trusts stay: keystone-manage has no trust_flush before Stein; nova-manage db archive_deleted_rows --until-complete in each cell for Nova’s deleted rows.',
  );
  expect(await said(109, 72)).toContain('trust_flush (Stein and newer) for');
  expect(await said('alembic', 96)).toContain('trust_flush for expired trusts');
});

test('what could not be looked at is told, database by database, and never as if nothing had grown', async () => {
  const why = 'keystone’s database of prod does not let this account use table revocation_event: grant it';
  const growth: GrowthCount[] = [
    { database: 'keystone', table: 'revocation_event', what: 'revocations', rows: null, why },
    { database: 'keystone', table: 'trust', what: 'expired', rows: null, why: 'another' },
    { database: 'keystone', table: 'trust', what: 'soft-deleted', rows: null, why: 'another' },
    { database: 'cell 1', table: 'shadow_instances', what: 'rows, estimated', rows: null, why: 'cell 1 is down' },
  ];
  const [, size] = await lines({ provider: 'fernet', exists: false }, {}, growth);
  expect(size).toBe(
    `Size: there is no token table. not counted: keystone revocation_event, trust (${why}); cell 1 shadow_instances (cell 1 is down).`,
  );
  const [, nothing] = await lines({ provider: 'fernet', exists: false });
  expect(nothing).toBe('Size: there is no token table. nothing else has grown.');
});

test.each([
  ['a cron flushes what expired', '2026-11-29T11:20:00Z', 'somebody flushes already; growth not known.'],
  ['it flushed in the middle of yesterday', '2026-11-28T09:00:00Z', 'somebody flushes already; growth not known.'],
  ['tokens purge leaves 48 h', '2026-11-27T12:00:00Z', 'about 31000 rows a day, as yesterday.'],
])('growth where %s', async (_who, oldest, said) => {
  const [, size] = await lines({ oldest: new Date(oldest) });
  expect(size).toBe(`Size: 1000000 rows, 900000 expired, 4 GB; ${said}`);
});

test('UUID tokens that are in memcache are not taken for rows', async () => {
  const counts = { live: 0, expired: 0, revoked: 0 };
  const elsewhere = { stored: false, counts, histogram: [], oldest: null };
  const [provider, size, , , todo] = await lines(elsewhere, { expired: 0 });
  expect(provider).toBe(
    'Provider: UUID, not in SQL (memcache?): our own token is no row here; Juno or newer (schema 67).',
  );
  expect(size).toBe('Size: 0 rows, 0 expired, 4 GB; nothing else has grown.');
  expect(todo).toBe(
    'Do: nothing has to be purged there, but a memcached that is full or restarted drops living tokens; from Kilo on move to Fernet, which stores nothing (keys on every node first).',
  );
});
