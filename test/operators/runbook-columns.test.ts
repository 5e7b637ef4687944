import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openThings, type Things } from '../databases/edits.ts';
import { orderOf, soon } from './runbook-ground.ts';

let things: Things;
let databases: ReturnType<Things['connect']>;
beforeAll(async () => {
  things = await openThings();
  databases = things.connect();
  await things.root.query(`CREATE TABLE odd (id int NOT NULL PRIMARY KEY, state varchar(9), score float DEFAULT 0.1,
    loud varchar(9) AS (UPPER(state)) STORED, at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)`);
});
afterAll(async () => {
  await databases.close();
  await things.close();
});

async function run(name: string, statements: string, job = '') {
  const head = `name: ${name}\nsummary: Change it\ndatabase: keystone\nreleases: { words: all, migrate_version: [1, 999] }`;
  const text = `/*\n${head}\nrisk: destructive\nrows: { max: 4 }\n*/\n${statements}`;
  writeFileSync(join(things.folder, 'runbooks', `${name}.sql`), text);
  const preview = await databases.previewEdit({ runbook: name, typed: {}, cell: null });
  return databases.edit(orderOf(job, preview), soon());
}

const all = async () => (await things.root.query('SELECT * FROM odd'))[0];

test('a row with a generated column comes back; one with a FLOAT is not deleted', async () => {
  await things.root.query("INSERT INTO odd (id, state) VALUES (1, 'a')");
  const deleting = '-- preview\nSELECT id FROM odd WHERE id = 1;\n-- change\nDELETE FROM odd WHERE id = 1;\n';
  await expect(run('odd-gone', deleting)).rejects.toThrow('odd.score is a FLOAT, which cannot be put back exactly');
  await things.root.query('ALTER TABLE odd DROP score');
  const before = await all();
  const { undo } = await run('odd-gone', deleting, 'c3c3');
  expect(await all()).toEqual([]);
  expect(await databases.undoEdit({ job: 'c3c3', sha256: undo?.sha256 ?? '' }, soon())).toBe(1);
  expect(await all()).toEqual(before);
});

test('a column that changes by itself has to be set, and is put back even where it was written as it was', async () => {
  await things.root.query("REPLACE INTO odd (id, state, at) VALUES (2, 'a', '2020-01-01 00:00:00')");
  const before = await all();
  const head = '-- preview\nSELECT id, state, at FROM odd WHERE id = 2;\n-- change\n';
  const setting = `${head}UPDATE odd SET state = 'b' WHERE id = 2;\n`;
  await expect(run('odd-set', setting)).rejects.toThrow('odd.at changes by itself: odd-set must set it');
  const { undo } = await run(
    'odd-same',
    `${head}UPDATE odd SET state = 'b', at = '2020-01-01 00:00:00' WHERE id = 2;\n`,
    'd4d4',
  );
  expect(await databases.undoEdit({ job: 'd4d4', sha256: undo?.sha256 ?? '' }, soon())).toBe(1);
  expect(await all()).toEqual(before);
});
