import { UserError } from '../chat/user-error.ts';
import type { OperatorPool } from './operator-pool.ts';

/** What a dump needs of each database: without the third it would leave triggers out and say nothing. */
const needed = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'] as const;

/** Throws `UserError` with the GRANT to type. A grant on single tables or columns is none: the rest would be missing in silence. */
export async function mustSeeAll(pool: OperatorPool, databases: readonly string[]): Promise<void> {
  const lacks = await lackingOn(pool);
  for (const database of databases) {
    const lacking = lacks(database, needed);
    if (lacking.length === 0) continue;
    throw new UserError(
      `${pool.label}: a dump of ${database} would not hold everything that is there: grant ${lacking.join(', ')} on ${database}.* to its account`,
    );
  }
  // Without either, routines are as invisible as where there are none.
  if (['SELECT', 'SHOW_ROUTINE'].every((one) => lacks('mysql', [one], 'proc').length > 0))
    throw new UserError(
      `${pool.label}: a dump would leave out procedures and functions and say nothing: grant SELECT on mysql.proc (MySQL 8: SHOW_ROUTINE on *.*) to its account`,
    );
}

/**
 * Whether the account sees the foreign keys of every table of a database: `information_schema` shows those of tables that it may use
 * somehow. REFERENCES on the database is enough, and lets it read nothing.
 */
export async function seesForeignKeys(pool: OperatorPool, database: string): Promise<boolean> {
  const lacks = await lackingOn(pool);
  return lacks(database, ['REFERENCES']).length === 0 || lacks(database, ['SELECT']).length === 0;
}

/** What of some privileges the account has not on all tables of a database, or on that one. */
type Lacks = (database: string, wanted: readonly string[], table?: string) => string[];

async function lackingOn(pool: OperatorPool): Promise<Lacks> {
  // The first line holds the hash of the account's password: nothing of it goes on.
  const rows = await pool.raw({ sql: 'SHOW GRANTS' });
  const grants = rows.flatMap(([line]) => grantOf(line?.toString() ?? '') ?? []);
  return (database, wanted, table) => {
    const covering = grants.filter(({ covers }) => covers(database, table));
    const held = new Set(covering.flatMap(({ privileges }) => privileges));
    return held.has('ALL PRIVILEGES') ? [] : wanted.filter((one) => !held.has(one));
  };
}

interface Grant {
  readonly privileges: readonly string[];
  covers(database: string, table?: string): boolean;
}

function grantOf(line: string): Grant | null {
  const [, privileges, database, on] = /^GRANT (.+?) ON (\*|`(?:[^`]|``)+`)\.(\*|`(?:[^`]|``)+`) TO /.exec(line) ?? [];
  if (privileges === undefined || database === undefined) return null;
  const pattern = database === '*' ? /^/ : patternOf(database.slice(1, -1).replaceAll('``', '`'));
  const covers = (name: string, table?: string): boolean => pattern.test(name) && (on === '*' || on === `\`${table}\``);
  // MySQL writes no space between its dynamic ones.
  return { privileges: privileges.split(/, ?/), covers };
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
