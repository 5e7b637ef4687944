import type { RowDataPacket } from 'mysql2';
import { expect, test } from 'vitest';
import { openOperatorPool } from '../../src/mysql/operator-pool.ts';
import { between, openBounds } from '../../src/mysql/token-keys.ts';
import { ownKeystone } from './own-keystone.ts';
import { number } from './tokens.ts';

const keystone = ownKeystone({ tokens: 8000 });

test('a purge goes in short statements, some of them a commit, and reads no rows to find its way', async () => {
  const said = await listen(async () => {
    expect(await keystone.sweeping().run()).toMatchObject({ state: 'done', note: '7200 rows deleted' });
  });
  expect(said.filter((line) => /OFFSET|ORDER BY id/.test(line))).toEqual([]);
  const turns = said
    .map((line) => (/DELETE token/.test(line) ? 'd' : /^COMMIT/.test(line) ? 'c' : ''))
    .join('')
    .split('c')
    .slice(0, -1);
  expect(turns.length).toBeGreaterThan(1);
  for (const turn of turns) expect(turn).toMatch(/^d{1,20}$/);
  expect(turns.join('').length / turns.length).toBeGreaterThan(5);
  await expectLiving();
});

test('places are found by their share of the keys, about so many rows apart', async () => {
  const apart = await stretches(200);
  expect(apart.length).toBeGreaterThan(8000 / 200 / 4);
  expect(apart.reduce((sum, rows) => sum + rows)).toBe(8001);
  expect(Math.max(...apart)).toBeLessThan(200 * 8);
});

test('ids that all begin alike, or are no hex digits, are counted: nowhere is a stretch as long as the table', async () => {
  await renamed("CONCAT('aaaaaaaaaaaaaaaa', LEFT(id, 16))", "id < '8'");
  await renamed("CONCAT('token-', LEFT(id, 20))", "id > 'c'");
  const apart = await stretches(200);
  expect(Math.max(...apart)).toBeLessThan(200 * 8);
  expect(apart.reduce((sum, rows) => sum + rows)).toBe(8001);
  expect(await keystone.sweeping().run()).toMatchObject({ state: 'done', note: '7200 rows deleted' });
  await expectLiving();
});

test('a table of a few rows is one stretch, whatever they are called', async () => {
  await keystone.root.query(
    "DELETE FROM keystone.token WHERE id NOT IN (SELECT * FROM (SELECT MIN(id) FROM keystone.token) one) AND id <> 'never'",
  );
  expect((await stretches(200)).reduce((sum, rows) => sum + rows)).toBe(2);
  expect(await keystone.sweeping().run()).toMatchObject({ state: 'done' });
  expect(await keystone.expired()).toBe(0);
});

async function expectLiving(): Promise<void> {
  expect(await keystone.expired()).toBe(0);
  expect(await number(keystone.root, 'SELECT COUNT(*) AS n FROM keystone.token')).toBe(801);
}

/** What the server was told meanwhile, in order. */
async function listen(work: () => Promise<void>): Promise<string[]> {
  const { root } = keystone;
  await root.query("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1");
  try {
    await work();
  } finally {
    await root.query("SET GLOBAL general_log = 0, GLOBAL log_output = 'FILE'");
  }
  const [rows] = await root.query<RowDataPacket[]>(
    "SELECT CONVERT(argument USING utf8mb4) AS said FROM mysql.general_log WHERE command_type IN ('Query', 'Execute')",
  );
  await root.query('TRUNCATE mysql.general_log');
  return rows.map((row) => String(row['said']));
}

/** Rows of each stretch from the beginning of the table to its end. */
async function stretches(rows: number): Promise<number[]> {
  const pool = openOperatorPool(keystone.server.dsn('keystone'), 'keystone');
  const near = openBounds(pool);
  const found: number[] = [];
  for (let from = ''; ; ) {
    const to = await near(from, rows);
    expect(to === '' || to > from).toBe(true);
    const { where, values } = between({ from, to });
    const [row] = await pool.raw({ sql: `SELECT COUNT(*) FROM token WHERE ${where}`, values });
    found.push(Number(row?.[0]?.toString()));
    if (to === '') break;
    from = to;
  }
  await pool.close();
  return found;
}

async function renamed(as: string, where: string): Promise<void> {
  for (const table of ['token', 'original'])
    await keystone.root.query(`UPDATE keystone.${table} SET id = ${as} WHERE ${where}`);
  await keystone.root.query('ANALYZE TABLE keystone.token');
  expect(await number(keystone.root, 'SELECT COUNT(*) AS n FROM keystone.token')).toBe(8001);
}
