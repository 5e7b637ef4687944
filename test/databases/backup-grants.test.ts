import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFrames } from '../../src/archive/reader.ts';
import { type BackupCloud, backupCloud } from '../backups/cloud.ts';
import { dumpGrants } from '../backups/ground.ts';
import { deniedTo } from '../operators/accounts.ts';

let cloud: BackupCloud;
beforeAll(async () => {
  cloud = await backupCloud({ tokens: 50 });
});
afterAll(() => cloud.drop());

async function textOf(path: string): Promise<string> {
  let text = '';
  for await (const { sql } of openFrames(path, null)) text += sql.toString();
  return text;
}

const survey = async (): Promise<unknown> => {
  const dumps = cloud.dumps();
  const [main] = dumps.servers();
  if (main === undefined) throw new Error('no server');
  return dumps.survey(main, { signal: new AbortController().signal });
};

test('the documented grants dump everything, and do nothing else', async () => {
  await cloud.root.query(`USE ${cloud.keystone}`);
  await cloud.root.query('CREATE TRIGGER noted BEFORE INSERT ON user FOR EACH ROW SET NEW.name = LOWER(NEW.name)');
  await cloud.root.query('CREATE VIEW people AS SELECT name FROM user');
  await cloud.root.query('CREATE PROCEDURE tidied() DELETE FROM token WHERE expires < UTC_TIMESTAMP()');
  await cloud.root.query('CREATE FUNCTION doubled(n int) RETURNS int DETERMINISTIC RETURN 2 * n');
  await cloud.root.query('CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO CALL tidied()');
  await cloud.ground.admit(cloud.server);
  expect(await survey()).toMatchObject({ outside: [] });
  const made = await cloud.dump({ publicKey: 'none' });
  expect(await cloud.prove(made)).toMatchObject({ verdict: 'proven' });
  const text = await textOf(made.path);
  for (const one of ['TRIGGER noted', 'VIEW `people`', 'PROCEDURE `tidied`', 'FUNCTION `doubled`', 'EVENT `nightly`'])
    expect(text).toMatch(new RegExp(`CREATE[^;]* ${one}`));

  const [main] = Object.values(cloud.ground.settings(cloud.server).servers);
  const tries = [
    "UPDATE user SET name = 'x'",
    'DELETE FROM token',
    'DROP TABLE project',
    'CREATE TABLE other (id int)',
    'ALTER TABLE project ADD COLUMN x int',
    'LOCK TABLES token WRITE',
    'SELECT * FROM mysql.user',
    'SELECT * FROM mysql.global_priv',
    'CALL tidied()',
    'CREATE DATABASE other',
    'SET GLOBAL read_only = 1',
    'FLUSH TABLES WITH READ LOCK',
  ];
  const dsn = main?.dsn.replace('/information_schema', `/${cloud.keystone}`) ?? '';
  expect(await deniedTo(dsn, tries)).toEqual(tries);
});

test.each(['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'])(
  'without %s nothing is dumped, and it says what to grant',
  async (lacking) => {
    const fewer = dumpGrants.split(', ').filter((one) => one !== lacking);
    await cloud.ground.admit(cloud.server, fewer.join(', '));
    await expect(survey()).rejects.toThrow(
      new RegExp(`has no database|grant ${lacking} on \\w+\\.\\* to its account$`),
    );
  },
);

test('without a look at procedures nothing is dumped: the program would leave them out, and end well', async () => {
  await cloud.ground.admit(cloud.server);
  await cloud.ground.blind();
  await expect(survey()).rejects.toThrow(
    /would leave out procedures and functions and say nothing: grant SELECT on mysql\.proc \(MySQL 8: .*\) to its account$/,
  );
});

test('an account that sees single tables or columns only: refused, for the rest would be missing in silence', async () => {
  await cloud.ground.admit(cloud.server, 'SHOW VIEW, TRIGGER, EVENT');
  const [main] = Object.values(cloud.ground.settings(cloud.server).servers);
  const user = new URL(main?.dsn ?? '').username;
  await cloud.root.query(`GRANT SELECT ON ${cloud.keystone}.project TO ?@localhost`, [user]);
  await cloud.root.query(`GRANT SELECT (id) ON ${cloud.keystone}.token TO ?@localhost`, [user]);
  await expect(survey()).rejects.toThrow('would not hold everything that is there: grant SELECT');
});
