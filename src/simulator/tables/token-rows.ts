import type { RowDataPacket } from 'mysql2/promise';
import type { World } from '../world.ts';

const CHUNK = 2000;

/**
 * Rows as the UUID token provider wrote them: ids at random, expires rising. The first half expired, up to 30 days
 * ago; the other half expires within 24 hours. One in fifty was revoked.
 */
export async function writeTokens(world: World, rows: number): Promise<{ tokens: number; expired: number }> {
  const { tables } = world;
  const table = `\`${tables.databases.keystone}\`.token`;
  const users = [...world.identity.users.keys()];
  const half = Math.floor(rows / 2);
  const now = world.now().getTime();
  const extra = '{"token_data": {"token": {"methods": ["password"]}}, "token_version": "v3.0"}';
  for (let from = 0; from < rows; from += CHUNK) {
    const values = [];
    for (let index = from; index < Math.min(rows, from + CHUNK); index += 1) {
      const past = index < half;
      const after = past
        ? -1 - ((half - index) * 2_592_000) / Math.max(1, half)
        : 60 + ((index - half) * 86_000) / Math.max(1, rows - half);
      const expires = new Date(now + Math.floor(after) * 1000);
      values.push([world.chance.hex(32), expires, extra, index % 50 !== 0, null, users[index % users.length] ?? null]);
    }
    await tables.pool.query(`INSERT INTO ${table} (id, expires, extra, valid, trust_id, user_id) VALUES ?`, [values]);
  }
  const [found] = await tables.pool.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS tokens, COALESCE(SUM(expires < ?), 0) AS expired FROM ${table}`,
    [world.now()],
  );
  return { tokens: Number(found[0]?.['tokens']), expired: Number(found[0]?.['expired']) };
}
