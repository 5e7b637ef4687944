import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectDatabases } from '../../src/mysql/databases.ts';
import { ownKeystone } from './own-keystone.ts';
import { number } from './tokens.ts';

const keystone = ownKeystone({ tokens: 500 });
let databases: ReturnType<typeof connectDatabases>;
beforeEach(() => {
  const dsns = { keystone: keystone.server.dsn('keystone'), cells: {} };
  databases = connectDatabases({ cloud: 'demo', dsns, archive: null, now: () => new Date() });
});
afterEach(() => databases.close());

const limits = { signal: new AbortController().signal, notAfter: Number.POSITIVE_INFINITY };
const index = { name: 'ix_patience', columns: ['valid'] };

test('an index waits a few seconds for whoever has the table open, then lets everybody behind it through', async () => {
  const idle = await keystone.server.connect('keystone');
  await idle.query('START TRANSACTION');
  await idle.query('SELECT id FROM token LIMIT 1');
  const making = databases.createTokenIndex(index, limits);
  const waiting = expect(making).rejects.toThrow('had the table or row locked by someone else');
  await delay(1000);
  const readers = await keystone.server.connect('keystone');
  await readers.query('SET SESSION lock_wait_timeout = 20');
  expect(await number(readers, 'SELECT COUNT(*) AS n FROM token')).toBe(501);
  await waiting;
  await idle.query('COMMIT');
  await databases.createTokenIndex(index, limits);
  await Promise.all([idle.end(), readers.end()]);
});

test('an index that a worker before had asked for is there by now: as good as made', async () => {
  await databases.createTokenIndex(index, limits);
  await databases.createTokenIndex(index, limits);
  expect((await databases.tokenSurvey('2020-01-01 00:00:00', { ...limits, limitMs: 5000 })).indexNames).toContain(
    'ix_patience',
  );
});

test('a worker whose clock is days ahead deletes nothing: the clock of the database has the last word', async () => {
  const sweeping = keystone.sweeping({ hoursAgo: -24 });
  await expect(sweeping.run()).rejects.toThrow(
    /by the clock of .* \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC is not 48 h ago: nothing is deleted, set the clocks/,
  );
  expect(await number(keystone.root, 'SELECT COUNT(*) AS n FROM keystone.token')).toBe(501);
});
