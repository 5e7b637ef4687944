import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Connection,
  createConnection,
  createPool,
  type Pool,
  type PoolConnection,
  type RowDataPacket,
} from 'mysql2/promise';
import { z } from 'zod';
import { parseDsn } from './operator-dsn.ts';
import { DatabaseError, databaseProblem, inWords } from './operator-errors.ts';
import {
  type Dialect,
  defaultLimitMs,
  type OpenSession,
  type RawRow,
  type Session,
  type Statement,
  sessionOn,
  toWords,
} from './operator-session.ts';

export type { RawRow, Session, Statement } from './operator-session.ts';

/** One database of the operators, reached through its DSN. Connections open when they are needed, a few at most. */
export interface OperatorPool {
  /** `cell 8561… of prod`: how messages call it. */
  readonly label: string;
  read<S extends z.ZodType>(row: S, statement: Statement): Promise<z.output<S>[]>;
  /** The same on a connection opened for it alone, so that nothing an earlier transaction saw can be told again. */
  readFresh<S extends z.ZodType>(row: S, statement: Statement): Promise<z.output<S>[]>;
  /** Rows as the server sends them: each column's bytes, null for NULL. */
  raw(statement: Statement): Promise<RawRow[]>;
  /** The same, each handed over as it comes: its bytes are the driver's, to be copied at once. */
  each(statement: Statement, columns: number, take: (row: RawRow) => void): Promise<void>;
  /** The same on a connection of its own, as `readFresh`. */
  rawFresh(statement: Statement): Promise<RawRow[]>;
  /** One statement by itself, never retried: how many rows it matched. */
  write(statement: Statement): Promise<number>;
  /** Runs as a whole again after a deadlock or a lost Galera race; so `work` must be harmless twice. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** The columns of a table that this account may read, for grants and releases differ. */
  columns(table: string): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

const reruns = 4;

/** Connects to nothing yet. Throws `UserError` where the DSN cannot be read. */
export function openOperatorPool(dsn: string, label: string): OperatorPool {
  const { address, ssl, ...login } = parseDsn(dsn, label);
  const options = {
    ...login,
    ...address,
    ...(ssl ? { ssl } : {}),
    multipleStatements: false,
    dateStrings: true,
    timezone: 'Z',
    supportBigNumbers: true,
    connectTimeout: 5_000,
  };
  const pool = createPool({ ...options, connectionLimit: 4, maxIdle: 1, idleTimeout: 30_000, enableKeepAlive: true });
  const greeted = new WeakMap<object, Dialect>();
  const use = <T>(work: (session: OpenSession) => Promise<T>): Promise<T> =>
    onConnection(pool, { label, user: login.user, greeted }, work);
  const useFresh = <T>(work: (session: OpenSession) => Promise<T>): Promise<T> =>
    onFresh(() => createConnection(options), { label, user: login.user }, work);

  const read: OperatorPool['read'] = (row, statement) => use((session) => session.read(row, statement));
  return {
    label,
    read,
    readFresh: (row, statement) => useFresh((session) => session.read(row, statement)),
    rawFresh: (statement) => useFresh((session) => session.raw(statement)),
    raw: (statement) => use((session) => session.raw(statement)),
    each: (statement, columns, take) => use((session) => session.each(statement, columns, take)),
    write: (statement) => use((session) => session.write(statement)),
    transaction: (work) => patiently(() => use((session) => inTransaction(session, work))),
    columns: (table) => readColumns(read, table),
    close: () => pool.end(),
  };
}

interface Identity {
  readonly label: string;
  readonly user: string;
}

/** A connection goes back to the pool only if nothing went wrong on it. */
async function onConnection<T>(
  pool: Pool,
  { greeted, ...identity }: Identity & { greeted: WeakMap<object, Dialect> },
  work: (session: OpenSession) => Promise<T>,
): Promise<T> {
  const connection = await pool.getConnection().catch(toWords(identity.label));
  try {
    const dialect = greeted.get(connection.connection) ?? (await greet(connection, identity));
    greeted.set(connection.connection, dialect);
    const result = await work(sessionOn(connection, dialect, identity.label));
    connection.release();
    return result;
  } catch (error) {
    dispose(connection);
    throw error;
  }
}

/** Destroyed, not returned: it may still be inside a statement or a transaction. */
function dispose(connection: PoolConnection): void {
  connection.destroy();
}

async function onFresh<T>(
  connect: () => Promise<Connection>,
  identity: Identity,
  work: (session: OpenSession) => Promise<T>,
): Promise<T> {
  const connection = await connect().catch(toWords(identity.label));
  try {
    const dialect = await greet(connection, identity);
    // On Galera another node may be behind: it first catches up with what the cluster has agreed on.
    const catchUp = { sql: 'SET SESSION wsrep_sync_wait = 1', timeout: defaultLimitMs };
    await connection.query(catchUp).catch(() => undefined); // unknown where there is no Galera
    return await work(sessionOn(connection, dialect, identity.label));
  } finally {
    connection.destroy();
  }
}

const Greeting = z.object({ who: z.string(), version: z.string() });

/**
 * A default install has an anonymous user: a login name that does not exist still gets in, as nobody, and then every
 * statement fails with words about grants. So the account is looked at first.
 */
async function greet(connection: Connection, { label, user }: Identity): Promise<Dialect> {
  // A server that is frozen may still let us in.
  const say = (sql: string) => connection.query<RowDataPacket[]>({ sql, timeout: defaultLimitMs });
  try {
    const [rows] = await say('SELECT CURRENT_USER() AS who, VERSION() AS version');
    const { who, version } = Greeting.parse(rows[0]);
    if (who.startsWith('@') && user !== '') {
      throw new DatabaseError(
        `${label} has no account ${user} for this machine: it let us in as its anonymous user, who may do nothing`,
        {
          problem: 'login',
          code: 'anonymous',
        },
      );
    }
    // A DDL that waits for the table makes everybody wait behind it: the server's own limit is a day.
    await say("SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 1, lock_wait_timeout = 5, autocommit = 1");
    // What is escaped is escaped with backslashes.
    await say("SET SESSION sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')");
    await say('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    if (/mariadb/i.test(version)) {
      // Of a thousand values in a list it would make a table and join that: twice the time. Older ones do not know the word.
      await say('SET SESSION in_predicate_conversion_threshold = 0').catch(() => undefined);
      return 'mariadb';
    }
    // MySQL 8 tells how large a table was when somebody last asked, up to a day ago; 5.7 does not know the word.
    await say('SET SESSION information_schema_stats_expiry = 0').catch(() => undefined);
    return 'mysql';
  } catch (error) {
    throw inWords(error, label, defaultLimitMs / 1000);
  }
}

async function inTransaction<T>(session: OpenSession, work: (session: Session) => Promise<T>): Promise<T> {
  await session.control('START TRANSACTION');
  const result = await work(session);
  await session.control('COMMIT');
  return result;
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= reruns || databaseProblem(error) !== 'busy') throw error;
      await sleep(30 * attempt * (0.5 + Math.random()));
    }
  }
}

async function readColumns(read: OperatorPool['read'], table: string): Promise<ReadonlySet<string>> {
  const rows = await read(z.object({ name: z.string() }), {
    sql: "SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND PRIVILEGES LIKE '%select%'",
    values: [table],
  });
  return new Set(rows.map(({ name }) => name));
}
