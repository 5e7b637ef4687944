import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { z } from 'zod';
import { inWords } from './operator-errors.ts';

export interface Statement {
  /** `?` for every value: values travel beside the statement, never in it. */
  readonly sql: string;
  /** A list stands for `?, ?, …`; a statement with one is not prepared, for its length is never the same. */
  readonly values?: readonly (Value | readonly string[])[];
  /** The server ends a statement that takes longer. */
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
}

/** Statements inside one transaction. */
export interface Session {
  read<S extends z.ZodType>(row: S, statement: Statement): Promise<z.output<S>[]>;
  /** How many rows the statement matched. */
  write(statement: Statement): Promise<number>;
  /** Rows as the server sends them: each column's bytes, null for NULL. */
  raw(statement: Statement): Promise<RawRow[]>;
}

export type Value = string | number | Buffer | null;

export const defaultLimitMs = 10_000;

export type Dialect = 'mariadb' | 'mysql';

export type RawRow = readonly (Buffer | null)[];

export interface OpenSession extends Session {
  each(statement: Statement, columns: number, take: (row: RawRow) => void): Promise<void>;
  control(word: 'START TRANSACTION' | 'COMMIT'): Promise<void>;
}

export function sessionOn(connection: Connection, dialect: Dialect, label: string): OpenSession {
  async function run(statement: Statement, bytes?: AsBytes): Promise<unknown> {
    const { sql, values = [], limitMs = defaultLimitMs, signal } = statement;
    // Ours comes a little after the server's: it is for a server that hangs whole.
    const options = { sql: limited(sql, limitMs, dialect), timeout: limitMs + 2_000, ...bytes };
    const plain = bytes !== undefined || values.some((value) => Array.isArray(value));
    try {
      const [result] = await unlessAborted(signal, () =>
        plain ? connection.query(options, [...values]) : connection.execute(options, [...(values as Value[])]),
      );
      return result;
    } catch (error) {
      throw inWords(error, label, Math.round(limitMs / 100) / 10);
    }
  }
  return {
    read: async (row, statement) => z.array(row).parse(await run(statement)),
    // mysql2 gives a header for every statement that is not a query.
    write: async (statement) => ((await run(statement)) as ResultSetHeader).affectedRows,
    raw: async (statement) => (await run(statement, asBytes)) as RawRow[],
    each: async (statement, columns, take) => void (await run(statement, rowByRow(columns, take))),
    // Plain, for MySQL does not prepare START TRANSACTION.
    control: async (word) => {
      await connection.query({ sql: word, timeout: defaultLimitMs }).catch(toWords(label));
    },
  };
}

interface AsBytes {
  readonly rowsAsArray: true;
  typeCast(field: { buffer(): Buffer | null }): unknown;
}

const asBytes: AsBytes = { rowsAsArray: true, typeCast: (field) => field.buffer() };

/** The driver keeps all rows until the last has come; so it keeps none of their bytes. */
function rowByRow(columns: number, take: (row: RawRow) => void): AsBytes {
  let row: (Buffer | null)[] = [];
  return {
    rowsAsArray: true,
    typeCast(field) {
      row.push(field.buffer());
      if (row.length < columns) return null;
      take(row);
      row = [];
      return null;
    },
  };
}

/** The driver does not end a waiting statement when its connection is destroyed, so the wait ends here. */
function unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return work();
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop);
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}

/** MySQL can limit SELECT only; its writes here are of one row, and the client's own limit stands. */
function limited(sql: string, limitMs: number, dialect: Dialect): string {
  if (dialect === 'mariadb') return `SET STATEMENT max_statement_time = ${limitMs / 1000} FOR ${sql}`;
  return sql.replace(/^SELECT /, `SELECT /*+ MAX_EXECUTION_TIME(${Math.ceil(limitMs)}) */ `);
}

export function toWords(label: string): (error: unknown) => never {
  return (error) => {
    throw inWords(error, label, defaultLimitMs / 1000);
  };
}
