import { readFileSync } from 'node:fs';

/** The grants that docs/archives.md names for a line, `{db}` for the database: `SELECT (id, expires, valid) ON {db}.token`. */
export function grantsFor(line: string): string[] {
  const cells = readFileSync('docs/archives.md', 'utf8')
    .split('\n')
    .map((row) => row.split('|'))
    .filter(([, lines]) => lines?.includes(`\`${line}\``));
  const grants = cells.flatMap(([, , told = '']) => [...told.matchAll(/`([^`]+ ON )\w+(\.[^`]+)`/g)]);
  if (grants.length === 0) throw new Error(`docs/archives.md names no grant for ${line}`);
  return grants.map(([, what, where]) => `${what}{db}${where}`);
}

/** Those of a page's own block of GRANTs that are for one of our databases. */
export function grantsOn(database: 'keystone' | 'nova' | 'nova_api', page: string): string[] {
  const [, block = ''] = /```sql\n([^`]*GRANT[^`]*)```/.exec(readFileSync(page, 'utf8')) ?? [];
  const grants = block
    .split(';')
    .map((grant) => /GRANT ([\s\S]+) ON (\w+)\.(\w+) TO vigie@worker/.exec(grant) ?? [])
    .filter(([, , on]) => on === database)
    .map(([, what, , table]) => `${what} ON {db}.${table}`);
  if (grants.length === 0) throw new Error(`${page} names no grant on ${database}`);
  return grants;
}
