import type { OperatorPool } from './operator-pool.ts';

/** From `from` on, up to and without `to`; empty at the beginning and at the end of the table. */
export interface Stretch {
  readonly from: string;
  readonly to: string;
}

export function between({ from, to }: Stretch): { where: string; values: string[] } {
  if (to === '') return { where: 'id >= ?', values: [from] };
  return { where: 'id >= ? AND id < ?', values: [from, to] };
}

const digits = 12;
const end = 16 ** digits;

/** Parts of the same width; the stretch itself where ids are no hex digits. */
export function cutEvenly({ from, to }: Stretch, parts: number): Stretch[] {
  const [first, last] = [placeOf(from), to === '' ? end : placeOf(to)];
  if (first === null || last === null) return [{ from, to }];
  const width = (last - first) / parts;
  const cuts = Array.from({ length: parts - 1 }, (_, part) => keyAt(first + width * (part + 1)));
  const inner = [...new Set(cuts)].filter((cut) => cut > from && (to === '' || cut < to));
  const all = [from, ...inner, to];
  return all.slice(1).map((next, part) => ({ from: all[part] ?? from, to: next }));
}

/**
 * Finds the end of the next so many rows, about. Keystone's ids are hex digits at random (UUIDs, hashes): the rows' share of
 * all keys tells it, and nothing is read that the delete would have to read again. Where the server's own estimate says
 * that they are not spread so, they are counted.
 */
export function openBounds(pool: OperatorPool): (from: string, rows: number) => Promise<string> {
  let keysPerRow: number | null = null;
  return async (from, rows) => {
    const start = placeOf(from);
    if (start === null) return boundAfter(pool, from, rows);
    keysPerRow ??= end / (await estimate(pool, { from: '', to: '' }));
    for (let width = rows * keysPerRow; width >= 1; width /= 2) {
      const to = keyAt(start + width);
      const about = await estimate(pool, { from, to });
      if (about > rows * 2) continue;
      keysPerRow = Math.min(keysPerRow * 2, width / about);
      return to;
    }
    return boundAfter(pool, from, rows);
  };
}

/** `4` is a quarter of the way to `ffff…`; null where ids are something else. */
function placeOf(key: string): number | null {
  return /^[0-9a-f]*$/.test(key) ? Number.parseInt(key.slice(0, digits).padEnd(digits, '0'), 16) : null;
}

/** Empty behind the last of them. */
function keyAt(place: number): string {
  const whole = Math.ceil(place);
  return whole >= end ? '' : whole.toString(16).padStart(digits, '0');
}

/** The server looks at some pages of the tree: right enough to tell a thousand rows from a hundred thousand. Never 0. */
async function estimate(pool: OperatorPool, stretch: Stretch): Promise<number> {
  const { where, values } = between(stretch);
  const [row = []] = await pool.raw({
    sql: `EXPLAIN SELECT id FROM token FORCE INDEX (PRIMARY) WHERE ${where}`,
    values,
  });
  // MySQL names partitions before, and what is filtered behind.
  return Math.max(1, Number(row[row.length === 12 ? 9 : 8]?.toString() ?? 0));
}

const lengths = [8, 12, 16, 24, 32, 48, 64];

/** The beginning of the id so many rows behind `from`, long enough to lie behind it; empty where there are not so many. */
export async function boundAfter(pool: OperatorPool, from: string, rows: number): Promise<string> {
  for (const length of lengths) {
    // As text: the pace changes the number of rows, and each statement that is prepared stays so in the server.
    const [row] = await pool.raw({
      sql: `SELECT LEFT(id, ${length}) AS bound, LEFT(id, ${length}) > ? AS beyond FROM token FORCE INDEX (PRIMARY)
        WHERE id >= ? ORDER BY id LIMIT 1 OFFSET ${rows}`,
      values: [from, from],
    });
    if (row === undefined) return '';
    if (row[1]?.toString() === '1') return row[0]?.toString() ?? '';
  }
  throw new Error('ids of the token table do not rise');
}
