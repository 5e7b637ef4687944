import { UserError } from '../../chat/user-error.ts';
import type { OperatorPool } from '../operator-pool.ts';

/** What a dump needs of each database: without the third it would leave triggers out and say nothing. */
const needed = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'] as const;

/** Throws `UserError` with the GRANT to type. A grant on single tables or columns is none: the rest would be missing in silence. */
export async function mustSeeAll(pool: OperatorPool, databases: readonly string[]): Promise<void> {
  // The first line holds the hash of the account's password: nothing of it goes on.
  const rows = await pool.raw({ sql: 'SHOW GRANTS' });
  const grants = rows.flatMap(([line]) => grantOf(line?.toString() ?? '') ?? []);
  for (const database of databases) {
    const held = new Set(grants.filter(({ covers }) => covers(database)).flatMap(({ privileges }) => privileges));
    const lacking = held.has('ALL PRIVILEGES') ? [] : needed.filter((one) => !held.has(one));
    if (lacking.length === 0) continue;
    throw new UserError(
      `${pool.label}: a dump of ${database} would not hold everything that is there: grant ${lacking.join(', ')} on ${database}.* to its account`,
    );
  }
}

interface Grant {
  readonly privileges: readonly string[];
  covers(database: string): boolean;
}

function grantOf(line: string): Grant | null {
  const [, privileges, database] = /^GRANT (.+?) ON (\*|`(?:[^`]|``)+`)\.\* TO /.exec(line) ?? [];
  if (privileges === undefined || database === undefined) return null;
  const pattern = database === '*' ? /^/ : patternOf(database.slice(1, -1).replaceAll('``', '`'));
  return { privileges: privileges.split(', '), covers: (name) => pattern.test(name) };
}

/** `nova\_%`: a LIKE pattern, where an underscore that is meant has a backslash. */
function patternOf(like: string): RegExp {
  const text = like.replace(/\\?[\s\S]/g, (sign) => {
    if (sign === '%') return '.*';
    if (sign === '_') return '.';
    return sign.replace(/^\\(?=.)/, '').replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  });
  return new RegExp(`^${text}$`);
}
