import {
  type Kysely,
  Kysely as KyselyClient,
  MysqlDialect,
  type MysqlDialectConfig,
  MysqlDriver,
  sql,
  type Transaction,
} from 'kysely';
import { createPool, type Pool } from 'mysql2';
import { migrate } from './migrate.ts';
import type { Tables } from './tables.ts';

export type Rows = Kysely<Tables>;
export type Work = Transaction<Tables>;

/** vigie's own rows. One writer of truth: everything that decides is a compare-and-set on it. */
export interface Database {
  readonly rows: Rows;
  /**
   * Runs the work as one READ COMMITTED transaction, and again from its start after a deadlock, a lock wait, a Galera
   * certification failure, a `Conflict`, or a connection lost before COMMIT. A connection lost *during* COMMIT reruns
   * too: the work must therefore be compare-and-sets, which find themselves already done.
   */
  transaction<T>(work: (rows: Work) => Promise<T>): Promise<T>;
  /** The database's clock: the only one that leases and times are measured by. */
  now(): Promise<Date>;
  close(): Promise<void>;
}

/** Thrown inside a transaction whose compare-and-set lost a race that a rerun would win. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

const session = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  // Strict: what is too long for its column is an error, never cut; and backslashes escape, as the driver believes.
  "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 5, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
];

/** Shorter than a lease. */
const idleSeconds = 8;

/**
 * `mysql://user:password@host:port/name`, with `?socketPath=/path` for a unix socket. Makes the tables that are missing.
 * Transactions have connections of their own, so that those which wait for a lock keep nobody from reading; six are
 * enough, since in the end all of them wait for the head of the audit.
 */
export async function openDatabase(url: string, options: { connections?: number } = {}): Promise<Database> {
  const connections = options.connections ?? 6;
  const rows: Rows = new KyselyClient({ dialect: new MysqlDialect({ pool: openPool(url, connections, session) }) });
  const apart = openPool(url, connections, [...session, 'SET SESSION autocommit = 0']);
  const works: Rows = new KyselyClient({ dialect: new Unbegun({ pool: apart }) });
  await patiently(() => migrate(rows));
  return {
    rows,
    transaction: (work) => patiently(() => once(works, work)),
    now: () => patiently(() => databaseTime(rows)),
    close: async () => void (await Promise.all([rows.destroy(), works.destroy()])),
  };
}

function openPool(url: string, connectionLimit: number, settings: readonly string[]): Pool {
  const pool = createPool({ ...connection(url), connectionLimit });
  pool.on('connection', (fresh) => {
    // Each is sent before whatever the connection was opened for; one that is refused must not go unnoticed.
    for (const setting of settings) fresh.query(setting, (error) => error && fresh.destroy());
    // Who is frozen inside a transaction must not hold its locks for longer than its leases: whoever takes over needs
    // them. MySQL has no such limit and gets the one for every idle connection.
    fresh.query(`SET SESSION idle_transaction_timeout = ${idleSeconds}`, (error) => {
      if (error) fresh.query(`SET SESSION wait_timeout = ${idleSeconds}`, () => {});
    });
  });
  return pool;
}

/** Without autocommit a transaction begins with its first statement: nothing is asked of the server before it. */
class Unbegun extends MysqlDialect {
  readonly #config: MysqlDialectConfig;
  constructor(config: MysqlDialectConfig) {
    super(config);
    this.#config = config;
  }
  override createDriver(): MysqlDriver {
    return Object.assign(new MysqlDriver(this.#config), { beginTransaction: async () => {} });
  }
}

function connection(url: string) {
  const address = new URL(url);
  const socketPath = address.searchParams.get('socketPath');
  return {
    user: decodeURIComponent(address.username),
    password: decodeURIComponent(address.password),
    database: address.pathname.slice(1),
    ...(socketPath === null ? { host: address.hostname, port: Number(address.port || 3306) } : { socketPath }),
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    connectTimeout: 5000,
    enableKeepAlive: true,
    idleTimeout: 30_000,
  };
}

async function once<T>(rows: Rows, work: (rows: Work) => Promise<T>): Promise<T> {
  return rows.transaction().execute(work);
}

async function databaseTime(rows: Rows): Promise<Date> {
  const answer = await sql<{ now: Date }>`SELECT UTC_TIMESTAMP(3) AS now`.execute(rows);
  const first = answer.rows[0];
  if (first === undefined) throw new Error('the database told no time');
  return first.now;
}

const rerun = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_UNKNOWN_COM_ERROR', 'ER_CHECKREAD']);
const lost = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'ECONNREFUSED',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_QUERY_INTERRUPTED',
  'ER_NEW_ABORTING_CONNECTION',
  'ER_CON_COUNT_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** A restart of the database takes seconds: work waits for it that long, and no longer. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + 10_000;
  for (let pause = 20; ; pause = Math.min(pause * 2, 1000)) {
    try {
      return await work();
    } catch (error) {
      if (!isUnreachable(error) || performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
  }
}

export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === 'ER_DUP_ENTRY';
}

/** The database could not be reached, or let nobody through in time: nothing is known about what it holds. */
export function isUnreachable(error: unknown): boolean {
  return (
    error instanceof Conflict ||
    rerun.has(codeOf(error)) ||
    lost.has(codeOf(error)) ||
    /closed state/.test(String(error))
  );
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
