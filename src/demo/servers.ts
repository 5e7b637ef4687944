import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureMariadb, ensureRedis } from '../embedded.ts';

export interface Servers {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** The private MariaDB's socket, where the simulated cloud keeps its tables. */
  readonly socket: string;
  /** Whether vigie's own rows are in a database that only this demo has. */
  readonly own: boolean;
  stop(): Promise<void>;
}

export function stateDirectory(env: NodeJS.ProcessEnv): string {
  const state = env['VIGIE_STATE'];
  return state ? resolve(state) : join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'vigie');
}

/** With REDIS_URL and DATABASE_URL set vigie uses those, and only the simulated cloud's tables are private. */
export async function startServers(
  directory: string,
  database: { name: string; kept: boolean },
  env: NodeJS.ProcessEnv,
): Promise<Servers> {
  const given =
    env['REDIS_URL'] && env['DATABASE_URL'] ? { redis: env['REDIS_URL'], database: env['DATABASE_URL'] } : null;
  const [redis, mariadb] = await Promise.all([
    given === null ? ensureRedis(directory) : null,
    ensureMariadb(directory, databaseStatements(database)),
  ]);
  const url = new URL(mariadb.url);
  url.pathname = `/${database.name}`;
  return {
    redisUrl: redis?.url ?? given?.redis ?? '',
    databaseUrl: given?.database ?? url.href,
    socket: url.searchParams.get('socketPath') ?? '',
    own: given === null,
    async stop() {
      await Promise.all([redis?.stop(), mariadb.stop()]);
    },
  };
}

const simulated = ['nova_api', 'nova_cell0', 'nova', 'nova_cell2', 'keystone'];

/** The simulated cloud begins anew at every start, and rows about the former one would be about nothing. */
function databaseStatements({ name, kept }: { name: string; kept: boolean }): string[] {
  const make = `CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4`;
  return kept ? [make] : [...[name, ...simulated].map((old) => `DROP DATABASE IF EXISTS ${old}`), make];
}
