import { escapeId } from 'mysql2';
import { z } from 'zod';
import { UserError } from '../../chat/user-error.ts';
import type { DumpFacts } from '../../openstack/cloud.ts';
import type { OperatorPool } from '../operator-pool.ts';
import { revisionsOf } from './inspect.ts';

/**
 * Whether what was restored is a cloud's, and not only tables: each says what it saw, or throws `UserError`. Databases are known
 * by their tables, for every installation calls them otherwise.
 */
export async function probe(pool: OperatorPool, { databases }: DumpFacts): Promise<string[]> {
  const said: string[] = [];
  for (const { name, tables } of databases) {
    const has = (...wanted: string[]): boolean => wanted.every((table) => table in tables);
    if (has('project', 'user')) said.push(await keystone(pool, name));
    if (has('cell_mappings', 'instance_mappings')) said.push(await cells(pool, name));
    if (has('instances', 'compute_nodes')) said.push(await instances(pool, name));
  }
  said.push(...(await revisions(pool, databases)));
  return said;
}

async function keystone(pool: OperatorPool, database: string): Promise<string> {
  const [found] = await pool.read(z.object({ domains: z.coerce.number(), projects: z.coerce.number() }), {
    sql: `SELECT COALESCE(SUM(is_domain = 1), 0) AS domains, COALESCE(SUM(is_domain = 0), 0) AS projects FROM ${at(database, 'project')}`,
    limitMs,
  });
  // Keystone keeps one row of its own, the root of all domains.
  const domains = (found?.domains ?? 0) - (await roots(pool, database));
  const users = await rows(pool, database, 'user');
  if (domains < 1) throw new UserError(`${database} holds no domain: it is no keystone that anybody used`);
  if ((found?.projects ?? 0) < 1)
    throw new UserError(`${database} holds no project: it is no keystone that anybody used`);
  if (users < 1) throw new UserError(`${database} holds no user: nobody could log in`);
  return `${database}: ${many(domains, 'domain')}, ${many(found?.projects ?? 0, 'project')}, ${many(users, 'user')}`;
}

async function roots(pool: OperatorPool, database: string): Promise<number> {
  return counted(
    pool,
    `SELECT COUNT(*) AS found FROM ${at(database, 'project')} WHERE id = '<<keystone.domain.root>>'`,
  );
}

const cell0 = '00000000-0000-0000-0000-000000000000';

async function cells(pool: OperatorPool, database: string): Promise<string> {
  const found = await pool.read(z.object({ uuid: z.string() }), {
    sql: `SELECT uuid FROM ${at(database, 'cell_mappings')}`,
    limitMs,
  });
  const real = found.filter(({ uuid }) => uuid !== cell0);
  if (real.length === found.length)
    throw new UserError(`${database} does not know cell0: nova would not start with it`);
  if (real.length === 0) throw new UserError(`${database} knows no cell but cell0: every server would be lost`);
  return `${database}: ${many(real.length, 'cell')} and cell0`;
}

async function instances(pool: OperatorPool, database: string): Promise<string> {
  const living = await counted(pool, `SELECT COUNT(*) AS found FROM ${at(database, 'instances')} WHERE deleted = 0`);
  return `${database}: ${many(living, 'server')}`;
}

/** As the source had them when the dump began. */
async function revisions(pool: OperatorPool, databases: DumpFacts['databases']): Promise<string[]> {
  const tables = databases.flatMap(({ name: schema, tables: held }) =>
    Object.keys(held).map((name) => ({ schema, name })),
  );
  const found = await revisionsOf(pool, tables);
  for (const { name, revision } of databases) {
    const restored = found.get(name) ?? [];
    if (found.has(name) && restored.length === 0)
      throw new UserError(`${name} does not know the revision of its own schema`);
    if (restored.join() !== revision.join())
      throw new UserError(
        `${name} has revision ${restored.join(', ') || 'none'}, and ${revision.join(', ') || 'none'} was dumped`,
      );
  }
  const known = databases.filter(({ revision }) => revision.length > 0);
  return known.map(({ name, revision }) => `${name}: revision ${revision.join(', ')}`);
}

const limitMs = 600_000;

function rows(pool: OperatorPool, database: string, table: string): Promise<number> {
  return counted(pool, `SELECT COUNT(*) AS found FROM ${at(database, table)}`);
}

async function counted(pool: OperatorPool, sql: string): Promise<number> {
  const [row] = await pool.read(z.object({ found: z.coerce.number() }), { sql, limitMs });
  return row?.found ?? 0;
}

function many(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function at(database: string, table: string): string {
  return `${escapeId(database, true)}.${escapeId(table, true)}`;
}
