import type { Pool } from 'mysql2/promise';

export type Value = string | number | boolean | Date | null;
export type Row = Readonly<Record<string, Value>>;

/** Writes rows soon after they changed, many in one statement; a row that changes twice is written once. */
export interface Writer {
  put(table: string, key: string | number, render: () => Row): void;
  run(statement: string, values: readonly Value[]): void;
  settled(): Promise<void>;
}

const CHUNK = 1000;

/** Columns that belong to the operators once a row is there. */
const KEPT = new Set(['disable_terminate', 'created_at', 'extra']);

type Pending = { readonly table: string; readonly render: () => Row };

export function writerTo(pool: Pool): Writer {
  let rows = new Map<string, Pending>();
  let statements: { statement: string; values: readonly Value[] }[] = [];
  let running: Promise<void> = Promise.resolve();
  let scheduled = false;
  let problem: unknown;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    running = running.then(yieldOnce).then(flush);
    running.catch((error: unknown) => {
      problem = error;
    });
    running = running.catch(() => undefined);
  }

  async function flush(): Promise<void> {
    scheduled = false;
    const now = { rows, statements };
    rows = new Map();
    statements = [];
    for (const [table, pending] of byTable(now.rows.values())) {
      for (let from = 0; from < pending.length; from += CHUNK) {
        await upsert(
          pool,
          table,
          pending.slice(from, from + CHUNK).map(({ render }) => render()),
        );
      }
    }
    for (const { statement, values } of now.statements) await pool.query(statement, [...values]);
  }

  return {
    put(table, key, render) {
      rows.set(`${table} ${key}`, { table, render });
      schedule();
    },
    run(statement, values) {
      statements.push({ statement, values });
      schedule();
    },
    async settled() {
      while (scheduled) await running;
      await running;
      if (problem !== undefined) throw problem;
    },
  };
}

async function upsert(pool: Pool, table: string, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const updates = columns
    .filter((column) => !KEPT.has(column))
    .map((column) => `\`${column}\` = VALUES(\`${column}\`)`);
  const names = columns.map((column) => `\`${column}\``).join(', ');
  const values = rows.map((row) => columns.map((column) => row[column] ?? null));
  await pool.query(`INSERT INTO ${table} (${names}) VALUES ? ON DUPLICATE KEY UPDATE ${updates.join(', ')}`, [values]);
}

function byTable(pending: Iterable<Pending>): Map<string, Pending[]> {
  const tables = new Map<string, Pending[]>();
  for (const each of pending) {
    const list = tables.get(each.table);
    if (list) list.push(each);
    else tables.set(each.table, [each]);
  }
  return tables;
}

function yieldOnce(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
