import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { TestProject } from 'vitest/node';
import { ensureMariadb, ensureRedis } from '../../src/embedded.ts';
import { dsnPassword } from './secrets.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    redis: string;
    mariadb: string;
  }
}

/** One throw-away Redis and one MariaDB for the whole run; each test file makes its own database and prefix in them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-test-'));
  const [redis, mariadb] = await Promise.all([ensureRedis(directory), ensureMariadb(directory)]);
  project.provide('redis', redis.url);
  project.provide('mariadb', await withPassword(mariadb.url));
  return async () => {
    await Promise.all([redis.stop(), mariadb.stop()]);
    await rm(directory, { recursive: true, force: true });
  };
}

/** Root, with a password that must be read nowhere: every story looks for it at its end. */
async function withPassword(root: string): Promise<string> {
  const connection = await createConnection(root);
  await connection.query(`CREATE USER IF NOT EXISTS story@localhost IDENTIFIED BY '${dsnPassword}'`);
  await connection.query('GRANT ALL ON *.* TO story@localhost WITH GRANT OPTION');
  await connection.end();
  const url = new URL(root);
  url.username = 'story';
  url.password = dsnPassword;
  return url.href;
}
