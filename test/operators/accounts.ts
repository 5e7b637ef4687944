import { randomBytes } from 'node:crypto';
import { type Connection, createConnection, type QueryError } from 'mysql2/promise';
import { parseDsn } from '../../src/mysql/operator-dsn.ts';

export interface Account {
  readonly dsn: string;
  /** From now on these and no others; `{db}` is the database of its DSN. */
  hold(grants: readonly string[]): Promise<void>;
}

/** Accounts of a server, until they are dropped. */
export interface Accounts {
  /** One that gets where that DSN leads, and may do nothing there yet. */
  like(dsn: string): Promise<Account>;
  drop(): Promise<void>;
}

export function accountsOf(root: Connection): Accounts {
  const users: string[] = [];
  return {
    async like(dsn) {
      const url = new URL(dsn);
      const [username, password] = [`u${randomBytes(5).toString('hex')}`, randomBytes(5).toString('hex')];
      const database = url.pathname.slice(1);
      users.push(username);
      await root.query('CREATE USER ?@localhost IDENTIFIED BY ?', [username, password]);
      Object.assign(url, { username, password });
      return {
        dsn: url.href,
        async hold(grants) {
          await root.query('REVOKE ALL PRIVILEGES, GRANT OPTION FROM ?@localhost', [username]);
          for (const grant of grants)
            await root.query(`GRANT ${grant.replaceAll('{db}', database)} TO ?@localhost`, [username]);
        },
      };
    },
    async drop() {
      for (const user of users) await root.query('DROP USER ?@localhost', [user]);
    },
  };
}

/** By the server's own numbers: of a database, a table, a column, a privilege, a procedure. */
const denials = [1044, 1142, 1143, 1227, 1370];

/** What an account is denied, each by itself. A try that fails for another reason says nothing of grants. */
export async function deniedTo(dsn: string, tries: readonly string[]): Promise<string[]> {
  const { address, ssl: _, ...login } = parseDsn(dsn, 'an account');
  const connection = await createConnection({ ...login, ...address });
  const denied: string[] = [];
  try {
    for (const sql of tries)
      await connection.query(sql).catch((error: QueryError) => {
        if (!denials.includes(error.errno ?? 0)) throw new Error(`${sql}: ${error.message}`);
        denied.push(sql);
      });
  } finally {
    await connection.end();
  }
  return denied;
}
