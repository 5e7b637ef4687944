import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureMariadb, ensureRedis } from '../../src/embedded.ts';

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
  project.provide('mariadb', mariadb.url);
  return async () => {
    await Promise.all([redis.stop(), mariadb.stop()]);
    await rm(directory, { recursive: true, force: true });
  };
}
