import { z } from 'zod';
import type { OperatorPool } from '../operator-pool.ts';

const systems = new Set(['information_schema', 'performance_schema', 'mysql', 'sys']);

/** What the account sees on the server; `others`: what nobody listed, so that it is missed before it is needed. */
export async function unlistedBy(
  pool: OperatorPool,
  listed: readonly string[],
): Promise<{ present: string[]; others: string[] }> {
  const rows = await pool.read(z.object({ name: z.string() }), {
    sql: 'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY 1',
  });
  const present = rows.map(({ name }) => name);
  return { present, others: present.filter((name) => !systems.has(name.toLowerCase()) && !listed.includes(name)) };
}
