import type { PoolOptions } from 'mysql2/promise';

/** Where the database server is, from a `mysql://` URI or the path of a socket. */
export function poolOptions(mysql: string): PoolOptions {
  const common: PoolOptions = { timezone: 'Z', connectionLimit: 4, multipleStatements: false };
  if (mysql.startsWith('/')) return { ...common, socketPath: mysql, user: 'root' };
  const url = new URL(mysql);
  const socketPath = url.searchParams.get('socketPath');
  const login = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  if (socketPath !== null) return { ...common, ...login, socketPath };
  return { ...common, ...login, host: url.hostname, port: Number(url.port || 3306) };
}

/** The same server with a database, as a URI that mysql2 understands. */
export function dsn(mysql: string, database: string): string {
  const url = new URL(mysql.startsWith('/') ? `mysql://root@localhost?socketPath=${encodeURIComponent(mysql)}` : mysql);
  url.pathname = `/${database}`;
  return url.toString();
}
