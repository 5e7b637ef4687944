import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { inject } from 'vitest';

export interface TestDatabase {
  /** `mysql://root@localhost/<name>?socketPath=…`, as DATABASE_URL. */
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/** An empty database of this file's own. `label` helps to find it in a log. */
export async function freshDatabase(label = 'vigie'): Promise<TestDatabase> {
  const name = `${label}_${randomBytes(5).toString('hex')}`;
  await execute(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const url = new URL(inject('mariadb'));
  url.pathname = `/${name}`;
  return { url: url.href, name, drop: () => execute(`DROP DATABASE IF EXISTS ${name}`) };
}

/** The run's MariaDB without a database, as root: for programs that make their own databases. */
export function mariadbUrl(): string {
  return inject('mariadb');
}

/** The run's Redis, `unix://…`, which ioredis takes as it is. Everyone shares it: use a `redisPrefix` of your own. */
export function redisUrl(): string {
  return inject('redis');
}

export function redisPrefix(): string {
  return `test-${randomBytes(5).toString('hex')}`;
}

async function execute(sql: string): Promise<void> {
  const connection = await createConnection(inject('mariadb'));
  await connection.query(sql);
  await connection.end();
}
