import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { openFrames, statementsOf } from '../../src/archive/reader.ts';
import { readPrivateKey } from '../../src/archive/seal.ts';
import { keystoneTables } from '../operators/tables.ts';

/** Bodies that break whoever quotes badly. */
const bodies = [
  `'{"token": "plain"}'`,
  `"it's a \\\\ quote' -- ; DROP TABLE token"`,
  `CONCAT('NUL ', CHAR(0), ' and ', CHAR(26), ' newline ', CHAR(10), ';', CHAR(10))`,
  `_utf8mb3'é Ж 漢'`,
  `''`,
  'NULL',
];

/** Rows as Keystone's UUID provider left them: nine in ten expired days ago, some revoked, one that never expires. */
export async function fillTokens(root: Connection, database: string, rows: number, bodyBytes = 600): Promise<void> {
  const body = `ELT(1 + seq % ${bodies.length}, ${bodies.join(', ')})`;
  await root.query(`USE ${database}`);
  await root.query(
    `INSERT INTO token (id, expires, extra, valid, user_id, trust_id)
     SELECT MD5(CONCAT(seq, '${database}')), UTC_TIMESTAMP() + INTERVAL IF(seq % 10 = 0, 3600 + seq, 0) SECOND - INTERVAL IF(seq % 10 = 0, 0, 3 * 86400 + seq) SECOND,
       IF(${body} IS NULL, NULL, CONCAT(${body}, REPEAT(MD5(seq), ${Math.floor(bodyBytes / 32)}))), seq % 7 > 0, MD5(seq % 50), IF(seq % 3, NULL, MD5(seq % 9))
     FROM seq_1_to_${rows}`,
  );
  await root.query("INSERT INTO token (id, expires, extra, valid) VALUES ('never', NULL, 'x', 1)");
  await root.query('CREATE TABLE original LIKE token');
  await root.query('INSERT INTO original SELECT * FROM token');
  await root.query('ANALYZE TABLE token');
}

export const tokenTable = keystoneTables[0] ?? '';

export interface Balance {
  /** Rows that are neither in the table nor in the archive as they were. */
  readonly lost: number;
  /** Rows that had not expired, or never do, and are gone from the table. */
  readonly livingGone: number;
  /** Expired rows that are still there. */
  readonly left: number;
  readonly inTable: number;
  readonly archived: number;
}

/** Compares what was there with the table and everything that the archive gives back. */
export async function balance(
  root: Connection,
  database: string,
  archive: { folder: string; key?: string },
): Promise<Balance> {
  await root.query(`DROP DATABASE IF EXISTS ${database}_back`);
  await root.query(`CREATE DATABASE ${database}_back`);
  await root.query(`USE ${database}_back`);
  await root.query(tokenTable);
  await restoreAll(root, archive);
  const same = '<=>';
  const equal = (a: string): string =>
    ['id', 'expires', 'extra', 'valid', 'trust_id', 'user_id']
      .map((column) => `o.${column} ${same} ${a}.${column}`)
      .join(' AND ');
  const gone = (a: string, table: string): string => `NOT EXISTS (SELECT 1 FROM ${table} ${a} WHERE ${equal(a)})`;
  const o = `${database}.original o`;
  const numbers = {
    lost: `SELECT COUNT(*) AS n FROM ${o} WHERE ${gone('t', `${database}.token`)} AND ${gone('b', 'token')}`,
    livingGone: `SELECT COUNT(*) AS n FROM ${o} WHERE (o.expires IS NULL OR o.expires > UTC_TIMESTAMP() - INTERVAL 2 DAY) AND ${gone('t', `${database}.token`)}`,
    left: `SELECT COUNT(*) AS n FROM ${database}.token WHERE expires < UTC_TIMESTAMP() - INTERVAL 2 DAY`,
    inTable: `SELECT COUNT(*) AS n FROM ${database}.token`,
    archived: 'SELECT COUNT(*) AS n FROM token',
  };
  const found = await Promise.all(Object.values(numbers).map((sql) => number(root, sql)));
  await root.query(`DROP DATABASE ${database}_back`);
  const [lost = -1, livingGone = -1, left = -1, inTable = -1, archived = -1] = found;
  return { lost, livingGone, left, inTable, archived };
}

async function restoreAll(root: Connection, { folder, key }: { folder: string; key?: string }): Promise<void> {
  for (const name of readdirSync(folder).filter((one) => /\.sql\.zst(\.sealed)?$/.test(one))) {
    // A part whose writer was killed may be torn behind its last whole frame: all before it counts.
    try {
      for await (const frame of openFrames(join(folder, name), key === undefined ? null : readPrivateKey(key)))
        for (const sql of statementsOf(frame)) await root.query(sql.trimEnd().replace(/;$/, ''));
    } catch (error) {
      if (!/damaged or cut off|no archive/.test(String(error))) throw error;
    }
  }
}

export async function number(root: Connection, sql: string): Promise<number> {
  const [rows] = await root.query<({ n: number } & import('mysql2').RowDataPacket)[]>(sql);
  return Number(rows[0]?.n);
}

/** A folder for archives, gone with the returned function. */
export function archiveFolder(): { folder: string; drop(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-archive-'));
  return { folder, drop: () => rmSync(folder, { recursive: true, force: true }) };
}
