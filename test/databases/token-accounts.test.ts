import { readdirSync } from 'node:fs';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Account, type Accounts, accountsOf, deniedTo } from '../operators/accounts.ts';
import { openStage, type Stage, wordsOf } from '../operators/stage.ts';
import { freshDatabase, mariadbUrl, type TestDatabase } from '../setup/servers.ts';
import { grantsFor, grantsOn } from './documented.ts';
import { archiveFolder, number } from './tokens.ts';

/** Each line is said to a cloud whose DSNs are of accounts with the documented grants, and goes to its end. */
let root: Connection;
let accounts: Accounts;
beforeAll(async () => {
  root = await createConnection(mariadbUrl());
  accounts = accountsOf(root);
});
afterAll(async () => {
  await accounts.drop();
  await root.end();
});

let stage: Stage;
let scratch: TestDatabase | undefined;
const place = archiveFolder();
afterEach(async () => {
  await stage.close();
  await scratch?.drop();
});
afterAll(() => place.drop());

async function approved(line: string): Promise<string> {
  await stage.story.say('alice', `!${line}`);
  const id = await stage.story.lastJob();
  for (const voter of ['bob', 'carol']) await stage.story.say(voter, `!approve ${id}`);
  const ends = ['done', 'failed', 'partial', 'cancelled'];
  await stage.story.until(`the end of ${line}`, async () => ends.includes(await stage.story.state(id)));
  const card = stage.story.card(id);
  expect([await stage.story.state(id), card && wordsOf(card)]).toEqual(['done', expect.anything()]);
  return id;
}

interface Accountable {
  readonly reader: Account;
  readonly writer: Account;
  readonly restorer: Account;
}

/** Tokens are rows, one of their indexes is lost, and most revocations are old. Its accounts hold nothing yet. */
async function uuidCloud(): Promise<Accountable> {
  scratch = await freshDatabase('scratch');
  const restorer = await accounts.like(scratch.url);
  const made: { reader?: Account; writer?: Account } = {};
  const archive = { folder: place.folder, publicKey: 'none', privateKey: null };
  stage = await openStage(
    { servers: 0, tokens: 'uuid', tokenRows: 1000 },
    async (simulated) => {
      const [reader, writer] = [await accounts.like(simulated.keystone), await accounts.like(simulated.keystone)];
      Object.assign(made, { reader, writer });
      return { keystone: reader.dsn, keystoneWriter: writer.dsn, scratch: restorer.dsn, novaApi: null, cells: {} };
    },
    { archive },
  );
  const keystone = new URL(stage.simulator.dsns.keystone).pathname.slice(1);
  await root.query(`USE ${keystone}`);
  await root.query('CREATE TABLE migrate_version (repository_id varchar(250), version int)');
  await root.query("INSERT INTO migrate_version VALUES ('keystone', 109)");
  await root.query('DROP INDEX ix_token_user_id ON token');
  await root.query(
    'INSERT INTO revocation_event (issued_before, revoked_at) SELECT UTC_TIMESTAMP(), UTC_TIMESTAMP() - INTERVAL seq * 60 + 30 MINUTE FROM seq_1_to_200',
  );
  const { reader, writer } = made;
  if (reader === undefined || writer === undefined) throw new Error('the cloud asked for no accounts');
  return { reader, writer, restorer };
}

test('a cloud whose tokens are rows: archive, restore, purge, both tables, index, and what is told of them', async () => {
  const { reader, writer, restorer } = await uuidCloud();
  await reader.hold(grantsFor('tokens count'));
  await writer.hold(grantsFor('tokens count'));
  const asked = async (line: string) => wordsOf(await stage.story.say('rita', `!${line}`));
  expect(await asked('tokens advise')).toContain('which ones this release wants is not known: grant SELECT on');
  await writer.hold([...grantsFor('tokens count'), 'SELECT ON {db}.migrate_version']);
  expect(await asked('tokens advise')).toContain(
    '; ix_token_user_id, ix_token_trust_id cannot be seen: grant REFERENCES (user_id, trust_id) on keystone.token.',
  );
  await writer.hold(grantsFor('tokens advise').filter((grant) => !grant.endsWith('alembic_version')));
  expect(await asked('tokens count')).toMatch(/^demo: \d+ token rows, \d+ expired/);
  const advice = await asked('tokens advise');
  expect(advice).toContain('UUID in SQL: every login is a row; Juno or newer (schema 109)');
  expect(advice).toContain('; missing ix_token_user_id: tokens index makes them');

  await writer.hold(grantsFor('tokens archive'));
  await approved('tokens archive');
  await restorer.hold(grantsFor('tokens restore'));
  const [file = ''] = readdirSync(place.folder).filter((name) => name.endsWith('.zst'));
  await approved(`tokens restore ${file} --into scratch`);

  await writer.hold(grantsFor('tokens purge'));
  const waiting = wordsOf(await stage.story.say('alice', '!tokens purge --before 10d'));
  expect(waiting).toContain('brakes: threads and lock waits');
  await approved('tokens purge --before 10d');
  await writer.hold(grantsFor('tokens purge --no-archive'));
  await approved('tokens purge --no-archive');
  expect(await number(root, 'SELECT COUNT(*) AS n FROM token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY')).toBe(
    0,
  );

  await writer.hold(grantsFor('tokens purge --table revocation_event'));
  await approved('tokens purge --table revocation_event --before 5d');
  await writer.hold(grantsFor('tokens purge --table revocation_event --no-archive'));
  await approved('tokens purge --table revocation_event --no-archive');
  expect(await number(root, 'SELECT COUNT(*) AS n FROM revocation_event WHERE id < 1000')).toBe(47);

  await writer.hold(grantsFor('tokens index').filter((grant) => !grant.endsWith('alembic_version')));
  expect(wordsOf(await stage.story.say('alice', '!tokens index'))).toMatch(/^make ix_token_user_id on demo/);
  await approved('tokens index');
});

/** Of a real cell, and not in the simulated one. */
const alsoThere = ['instance_system_metadata', 'task_log', 'shadow_instance_system_metadata', 'shadow_task_log'];

test('a Fernet cloud: everything that grows is counted; what is not granted is told, and nothing is said to be small', async () => {
  const made: { keystone?: Account; cells?: Account[] } = {};
  stage = await openStage({ servers: 0, deletedServers: 3 }, async (simulated) => {
    const keystone = await accounts.like(simulated.keystone);
    await keystone.hold([...grantsFor('tokens count'), ...grantsOn('keystone', 'docs/archives.md')]);
    const cells: Record<string, Account> = {};
    for (const [uuid, dsn] of Object.entries(simulated.cells)) {
      for (const table of alsoThere)
        await root.query(`CREATE TABLE ${new URL(dsn).pathname.slice(1)}.${table} (id int PRIMARY KEY)`);
      const cell = await accounts.like(dsn);
      await cell.hold(grantsOn('nova', 'docs/archives.md'));
      cells[uuid] = cell;
    }
    const api = await accounts.like(simulated.novaApi);
    await api.hold(grantsOn('nova_api', 'docs/protect.md'));
    Object.assign(made, { keystone, cells: Object.values(cells) });
    const dsns = Object.fromEntries(Object.entries(cells).map(([uuid, { dsn }]) => [uuid, dsn]));
    return { keystone: keystone.dsn, cells: dsns, novaApi: api.dsn };
  });
  const asked = async (line: string) => wordsOf(await stage.story.say('rita', `!${line}`));
  for (const line of ['tokens advise', 'tokens count']) {
    const said = await asked(line);
    expect(said).not.toMatch(/not counted:|does not let/i);
    expect(said).toMatch(/instances (3|\| deleted \| 3)/);
  }
  const keystone = [
    'SELECT user_id FROM revocation_event',
    'SELECT extra FROM trust',
    'SELECT secret_hash FROM application_credential',
    'SELECT * FROM user',
    'DELETE FROM revocation_event',
    'UPDATE trust SET expires_at = NULL',
  ];
  expect(await deniedTo(made.keystone?.dsn ?? '', keystone)).toEqual(keystone);
  const nova = [
    'SELECT uuid FROM instances',
    'SELECT user_data FROM instances',
    'SELECT message FROM instance_faults',
    'DELETE FROM instances',
    'DELETE FROM shadow_instances',
    'UPDATE migrations SET status = "error"',
    'SELECT * FROM services',
  ];
  for (const { dsn } of made.cells ?? []) expect(await deniedTo(dsn, nova)).toEqual(nova);
  await made.keystone?.hold(grantsFor('tokens count'));
  const few = grantsOn('nova', 'docs/archives.md').filter((grant) => /instances$|_faults$/.test(grant));
  for (const cell of made.cells ?? []) await cell.hold(few);
  const said = await asked('tokens advise');
  expect(said).toMatch(
    /not counted: keystone revocation_event, trust, application_credential \(keystone's database of demo does not let this account use table revocation_event: grant it\); cell \S+ instance_actions, instance_actions_events, instance_system_metadata and \d+ more \(/,
  );
  expect(said).not.toContain('nothing else has grown');
  expect(await asked('tokens count')).toContain('Not counted: keystone revocation_event');
});
