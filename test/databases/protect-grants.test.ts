import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Accounts, accountsOf, deniedTo } from '../operators/accounts.ts';
import { openStage, type Stage, wordsOf } from '../operators/stage.ts';
import { mariadbUrl } from '../setup/servers.ts';
import { grantsOn } from './documented.ts';

let stage: Stage;
let root: Connection;
let accounts: Accounts;
let cells: Record<string, string>;
let novaApi: string;
beforeAll(async () => {
  root = await createConnection(mariadbUrl());
  accounts = accountsOf(root);
  stage = await openStage({ servers: 0, cells: 2 }, async (simulated) => {
    cells = {};
    for (const [uuid, dsn] of Object.entries(simulated.cells)) cells[uuid] = await account(dsn, 'nova');
    novaApi = await account(simulated.novaApi, 'nova_api');
    return { cells, novaApi };
  });
});
afterAll(async () => {
  await stage.close();
  await accounts.drop();
  await root.end();
});

/** The same DSN, for an account that has just the documented grants. */
async function account(dsn: string, database: 'nova' | 'nova_api'): Promise<string> {
  const made = await accounts.like(dsn);
  await made.hold(grantsOn(database, 'docs/protect.md'));
  return made.dsn;
}

const say = async (person: string, line: string) => wordsOf(await stage.story.say(person, `!${line}`));

test('with the documented grants a server of each cell is protected, shown, watched and let go', async () => {
  for (const [name, host] of [
    ['near', 'cmp1'],
    ['far', 'cmp4'],
  ] as const) {
    const { id } = await stage.simulator.control.createServer({ name, host });
    expect(await say('alice', `protect ${name} --lock --move --reason precious --until 3d`)).toContain(
      `${name} is protected`,
    );
    const shown = await say('rita', 'protected');
    expect(shown).toContain(id);
    expect(shown).not.toMatch(/no DSN|cannot/);
    expect(await say('alice', `unprotect ${name}`)).toContain('no longer protected');
    expect(await say('rita', 'protected')).not.toContain(id);
  }
});

test('and nothing else can be done with them', async () => {
  const tries = [
    'SELECT * FROM instances',
    'SELECT user_data FROM instances',
    'SELECT key_data FROM instances',
    'SELECT id FROM migrations',
    'SELECT id FROM services',
    "UPDATE instances SET host = 'x'",
    'UPDATE instances SET deleted = 1',
    "UPDATE instances SET vm_state = 'error'",
    'UPDATE instances SET updated_at = NULL',
    'DELETE FROM instances',
    "INSERT INTO instances (uuid) VALUES ('x')",
    'DROP TABLE instances',
    'TRUNCATE TABLE instances',
    'ALTER TABLE instances ADD COLUMN x int',
    'LOCK TABLES instances WRITE',
    'CREATE TABLE other (id int)',
    'SELECT * FROM mysql.user',
    'SET GLOBAL read_only = 1',
  ];
  for (const dsn of Object.values(cells)) expect(await deniedTo(dsn, tries)).toEqual(tries);
  const others = [
    'SELECT database_connection FROM cell_mappings',
    'SELECT transport_url FROM cell_mappings',
    'SELECT * FROM cell_mappings',
    'SELECT user_id FROM instance_mappings',
    'SELECT * FROM request_specs',
    'UPDATE instance_mappings SET cell_id = 1',
    'UPDATE cell_mappings SET disabled = 1',
    'DELETE FROM instance_mappings',
    'INSERT INTO instance_mappings (instance_uuid, project_id) VALUES ("x", "p")',
    'DROP TABLE cell_mappings',
    'CREATE TABLE other (id int)',
    'SELECT * FROM mysql.user',
  ];
  expect(await deniedTo(novaApi, others)).toEqual(others);
});
