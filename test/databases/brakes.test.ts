import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type OwnServer, ownServer } from './server.ts';
import { openSweeping, type Sweeping } from './sweeping.ts';
import { archiveFolder, balance, fillTokens, number, tokenTable } from './tokens.ts';

let server: OwnServer;
let root: Connection;
let place: ReturnType<typeof archiveFolder>;
let sweeping: Sweeping | null = null;
/** Whoever else is at work on this server. */
let others: Connection[] = [];
beforeAll(async () => {
  server = await ownServer(['--skip-log-bin']);
  await server.start();
});
afterAll(() => server.drop());
beforeEach(async () => {
  root = await server.connect();
  await root.query('DROP DATABASE IF EXISTS keystone');
  await root.query('CREATE DATABASE keystone');
  await root.query('USE keystone');
  await root.query(tokenTable);
  await root.query('CREATE TABLE project (id INT PRIMARY KEY, seen INT)');
  await root.query('INSERT INTO project VALUES (1, 0)');
  await fillTokens(root, 'keystone', 2000);
  place = archiveFolder();
});
afterEach(async () => {
  await sweeping?.close();
  sweeping = null;
  for (const other of others) other.destroy();
  others = [];
  root.destroy();
  place.drop();
});

/** So many statements at once, none of them ended before the returned function was called. */
async function busy(statements: number): Promise<() => Promise<void>> {
  const holder = await server.connect('keystone');
  others = [holder, ...(await Promise.all(Array.from({ length: statements }, () => server.connect('keystone'))))];
  const waiting = others.slice(1);
  await holder.query("SELECT GET_LOCK('busy', 0)");
  const answers = waiting.map((other) => other.query("SELECT GET_LOCK('busy', 600), RELEASE_LOCK('busy')"));
  await vi.waitUntil(async () => (await status('Threads_running')) > statements, { timeout: 60_000 });
  return async () => {
    await holder.query("SELECT RELEASE_LOCK('busy')");
    await Promise.all(answers);
  };
}

async function locked(waiters: number): Promise<() => Promise<void>> {
  const holder = await server.connect('keystone');
  others = [holder, ...(await Promise.all(Array.from({ length: waiters }, () => server.connect('keystone'))))];
  await holder.query('START TRANSACTION');
  await holder.query('UPDATE project SET seen = 1');
  const answers = others.slice(1).map((other) => other.query('UPDATE project SET seen = seen + 1'));
  await vi.waitUntil(async () => (await status('Innodb_row_lock_current_waits')) === waiters, { timeout: 60_000 });
  return async () => {
    await holder.query('COMMIT');
    await Promise.all(answers);
  };
}

async function status(name: string): Promise<number> {
  return number(
    root,
    `SELECT VARIABLE_VALUE AS n FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = '${name}'`,
  );
}

test.each([
  { what: '30 statements', make: () => busy(30), said: /^waiting: .* runs 3\d statements at once$/ },
  { what: '6 waits for a row', make: () => locked(6), said: /^waiting: 6 statements wait for row locks of / },
])('a server with $what at once is left alone until they are through', async ({ make, said }) => {
  const all = await number(root, 'SELECT COUNT(*) AS n FROM token');
  const letGo = await make();
  sweeping = openSweeping({
    dsns: { keystone: server.dsn('keystone') },
    archive: { folder: place.folder, publicKey: 'none', privateKey: null },
  });
  const ending = sweeping.run();
  await vi.waitUntil(() => sweeping?.notes.some((note) => said.test(note)), { timeout: 60_000 });
  expect(await number(root, 'SELECT COUNT(*) AS n FROM token')).toBe(all);
  await letGo();
  expect(await ending).toMatchObject({ state: 'done' });
  const found = await balance(root, 'keystone', { folder: place.folder });
  expect(found).toMatchObject({ lost: 0, livingGone: 0, left: 0 });
});
