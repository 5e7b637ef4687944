import type { Connection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ownKeystone } from './own-keystone.ts';
import { number } from './tokens.ts';

const keystone = ownKeystone({ tokens: 2000 });
/** Whoever else is at work on this server. */
let others: Connection[] = [];
beforeEach(async () => {
  await keystone.root.query('CREATE TABLE project (id INT PRIMARY KEY, seen INT)');
  await keystone.root.query('INSERT INTO project VALUES (1, 0)');
});
afterEach(() => {
  for (const other of others) other.destroy();
  others = [];
});

/** So many statements at once, none of them ended before the returned function was called. */
async function busy(statements: number): Promise<() => Promise<void>> {
  const holder = await keystone.server.connect('keystone');
  others = [
    holder,
    ...(await Promise.all(Array.from({ length: statements }, () => keystone.server.connect('keystone')))),
  ];
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
  const holder = await keystone.server.connect('keystone');
  others = [holder, ...(await Promise.all(Array.from({ length: waiters }, () => keystone.server.connect('keystone'))))];
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
    keystone.root,
    `SELECT VARIABLE_VALUE AS n FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = '${name}'`,
  );
}

test.each([
  { what: '30 statements', make: () => busy(30), said: /^waiting: .* runs 3\d statements at once$/ },
  { what: '6 waits for a row', make: () => locked(6), said: /^waiting: 6 statements wait for row locks of / },
])('a server with $what at once is left alone until they are through', async ({ make, said }) => {
  const all = await number(keystone.root, 'SELECT COUNT(*) AS n FROM token');
  const letGo = await make();
  const sweeping = keystone.sweeping({ archive: keystone.archive() });
  const ending = sweeping.run();
  await vi.waitUntil(() => sweeping.notes.some((note) => said.test(note)), { timeout: 60_000 });
  expect(await number(keystone.root, 'SELECT COUNT(*) AS n FROM token')).toBe(all);
  await letGo();
  expect(await ending).toMatchObject({ state: 'done' });
  await keystone.expectBalance(0);
});
