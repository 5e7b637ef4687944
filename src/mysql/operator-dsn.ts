import { readFileSync } from 'node:fs';
import type { SslOptions } from 'mysql2/promise';
import { UserError } from '../chat/user-error.ts';

/** Where an operator's database is, as mysql2 takes it. */
export interface OperatorDsn {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly address: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly ssl: SslOptions | null;
}

// The shape of SQLAlchemy's own URLs, which nova.conf and keystone.conf hold: no URL parser, for theirs may have no host.
const shape =
  /^(?:mysql|mariadb)(?:\+\w+)?:\/\/(?:(?<user>[^:/]*)(?::(?<password>[^@]*))?@)?(?:(?:\[(?<ipv6>[^/?]+)\]|(?<host>[^/:?]+))?(?::(?<port>\d+))?)?\/(?<database>[^?/]+)(?:\?(?<query>.*))?$/;

/** `label` is how the database is called in messages; the DSN itself is never repeated, for it holds a password. */
export function parseDsn(dsn: string, label: string): OperatorDsn {
  const parts = shape.exec(dsn.trim())?.groups;
  const unreadable = `the DSN of ${label} cannot be read: write mysql+pymysql://USER:PASSWORD@HOST:3306/DATABASE, with %40 for an @ in the password`;
  if (parts === undefined || /[{}]/.test(dsn)) throw new UserError(unreadable);
  const query = new URLSearchParams(parts['query'] ?? '');
  const socketPath = query.get('unix_socket') ?? query.get('socketPath');
  try {
    return {
      user: decodeURIComponent(parts['user'] ?? ''),
      password: decodeURIComponent(parts['password'] ?? ''),
      database: decodeURIComponent(parts['database'] ?? ''),
      address: socketPath
        ? { socketPath }
        : { host: parts['ipv6'] ?? parts['host'] ?? 'localhost', port: Number(parts['port'] ?? 3306) },
      ssl: sslOf(query, label),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(unreadable);
  }
}

/** PyMySQL's words: `ssl_ca`, `ssl_cert`, `ssl_key`, `ssl_check_hostname` or `ssl_verify_identity`. */
function sslOf(query: URLSearchParams, label: string): SslOptions | null {
  const files = (['ca', 'cert', 'key'] as const).filter((name) => query.has(`ssl_${name}`));
  if (files.length === 0) return null;
  const identity = query.get('ssl_verify_identity') ?? query.get('ssl_check_hostname') ?? 'false';
  return {
    rejectUnauthorized: query.has('ssl_ca'),
    verifyIdentity: /^(true|1)$/i.test(identity),
    ...Object.fromEntries(files.map((name) => [name, readFile(query.get(`ssl_${name}`) ?? '', label)])),
  };
}

function readFile(path: string, label: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new UserError(`the DSN of ${label} names ${path}, which cannot be read`);
  }
}
