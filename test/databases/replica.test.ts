import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PlanContext } from '../../src/command/command.ts';
import { purgePlan } from '../../src/command/tokens/sweep-plan.ts';
import { connectDatabases } from '../../src/mysql/databases.ts';
import { deniedTo } from '../operators/accounts.ts';
import { type OwnServer, ownServer } from './server.ts';
import { openSweeping, type Sweeping } from './sweeping.ts';
import { archiveFolder, balance, fillTokens, number, tokenTable } from './tokens.ts';

let primary: OwnServer;
let replica: OwnServer;
let root: Connection;
let behind: Connection;
let sweeping: Sweeping | null = null;
const place = archiveFolder();
beforeAll(async () => {
  primary = await ownServer(['--log-bin', '--server-id=1', '--binlog-format=ROW']);
  replica = await ownServer(['--server-id=2']);
  await primary.start();
  await replica.start();
  root = await primary.connect();
  behind = await replica.connect();
  await root.query("CREATE USER replica@'%' IDENTIFIED BY 'r'");
  await root.query("GRANT REPLICATION SLAVE ON *.* TO replica@'%'");
  await root.query("CREATE USER watch@localhost IDENTIFIED BY 'w'");
  await root.query('GRANT SLAVE MONITOR ON *.* TO watch@localhost');
  await root.query('CREATE DATABASE keystone');
  await root.query('USE keystone');
  await root.query(tokenTable);
  await behind.query(
    `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${primary.port}, MASTER_USER='replica', MASTER_PASSWORD='r', MASTER_USE_GTID=slave_pos`,
  );
  await behind.query('START SLAVE');
  await fillTokens(root, 'keystone', 6000, 1500);
  await caughtUp();
}, 120_000);
afterEach(async () => {
  await sweeping?.close();
  sweeping = null;
});
afterAll(async () => {
  await primary.drop();
  await replica.drop();
  place.drop();
});

async function caughtUp(): Promise<void> {
  for (const until = performance.now() + 30_000; performance.now() < until; await delay(100)) {
    const same = await Promise.all(
      [root, behind].map((one) => number(one, 'SELECT COUNT(*) AS n FROM keystone.token').catch(() => -1)),
    );
    if (same[0] === same[1]) return;
  }
  throw new Error('the replica does not catch up');
}

async function behindHas(sql: string, words: string): Promise<void> {
  for (const until = performance.now() + 30_000; performance.now() < until; await delay(100)) {
    const [rows] = await behind.query(sql);
    if (JSON.stringify(rows).includes(words)) return;
  }
  throw new Error(`the replica never had ${words}`);
}

test('while a real replica lags or has stopped the purge waits; then it goes on, and both end the same', async () => {
  let seen = 0;
  sweeping = openSweeping({
    dsns: {
      keystone: primary.dsn('keystone'),
      keystoneReplicas: [replica.dsn('information_schema').replace('root@', 'watch:w@')],
    },
    archive: { folder: place.folder, publicKey: 'none', privateKey: null },
    onChunk: async (chunk) => {
      if (chunk !== 2) return;
      // The replica cannot apply what it has got: somebody holds the table there.
      await behind.query('LOCK TABLES keystone.token READ');
      await root.query(
        "INSERT INTO keystone.token (id, expires, valid) VALUES ('held', UTC_TIMESTAMP() + INTERVAL 1 DAY, 1)",
      );
      await delay(5000);
      seen = sweeping?.marks.length ?? 0;
      setTimeout(() => void behind.query('UNLOCK TABLES'), 4000);
    },
  });
  expect(await sweeping.run()).toMatchObject({ state: 'done' });
  expect(seen).toBe(2);
  expect(sweeping.notes.join('\n')).toMatch(/waiting: replica 1 of keystone's database of demo is \d+ s behind/);
  await caughtUp();
  expect(await balance(root, 'keystone', { folder: place.folder })).toMatchObject({ lost: 0, livingGone: 0, left: 0 });
  await behind.query('USE keystone');
  expect(await number(behind, 'SELECT COUNT(*) AS n FROM token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY')).toBe(
    0,
  );
});

test('a replica whose lag this account may not read: said in the plan, with the grant', async () => {
  await root.query("CREATE USER blind@localhost IDENTIFIED BY 'b'");
  await root.query('INSERT IGNORE INTO keystone.token SELECT * FROM keystone.original');
  await caughtUp();
  const blind = replica.dsn('information_schema').replace('root@', 'blind:b@');
  const dsns = { keystone: primary.dsn('keystone'), keystoneReplicas: [blind], cells: {} };
  const databases = connectDatabases({ cloud: 'demo', dsns, archive: null, now: () => new Date() });
  const context = { cloud: { name: 'demo', databases }, now: new Date() } as unknown as PlanContext;
  try {
    await expect(purgePlan({ table: 'token', before: undefined, archive: false }, context)).rejects.toThrow(
      /a purge would wait for ever: replica 1 of .* wants a privilege this account does not have: grant .*SLAVE MONITOR/,
    );
    await root.query('GRANT SLAVE MONITOR ON *.* TO blind@localhost');
    await behindHas('SHOW GRANTS FOR blind@localhost', 'SLAVE MONITOR');
    expect(await databases.replicaTroubles()).toEqual([]);
  } finally {
    await databases.close();
  }
});

test('the grant that watches a replica watches, and does nothing else', async () => {
  const [grant = ''] = /(?<=watching a replica \| `)[^`]+/.exec(readFileSync('docs/archives.md', 'utf8')) ?? [];
  expect(grant).toBe('SLAVE MONITOR ON *.*');
  const tries = ['SELECT * FROM keystone.token', 'SELECT * FROM mysql.user', 'STOP SLAVE', 'SET GLOBAL read_only = 0'];
  const watch = replica.dsn('information_schema').replace('root@', 'watch:w@');
  expect(await deniedTo(watch, tries)).toEqual(tries);
});

test('a replica that stopped counts as lagging', async () => {
  await root.query('USE keystone');
  await root.query('INSERT IGNORE INTO token SELECT * FROM original');
  await caughtUp();
  await behind.query('STOP SLAVE');
  sweeping = openSweeping({
    dsns: {
      keystone: primary.dsn('keystone'),
      keystoneReplicas: [replica.dsn('information_schema').replace('root@', 'watch:w@')],
    },
  });
  const ending = sweeping.run();
  await delay(1500);
  expect(sweeping.marks).toHaveLength(0);
  expect(sweeping.notes.at(-1)).toContain('does not replicate');
  await behind.query('START SLAVE');
  expect(await ending).toMatchObject({ state: 'done' });
});
