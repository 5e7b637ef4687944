import type { TokenSurvey } from '../../openstack/cloud.ts';

export interface TokenIndex {
  readonly name: string;
  readonly columns: readonly string[];
}

const expires: TokenIndex = { name: 'ix_token_expires', columns: ['expires'] };
const valid: TokenIndex = { name: 'ix_token_valid', columns: ['valid'] };
const expiresValid: TokenIndex = { name: 'ix_token_expires_valid', columns: ['expires', 'valid'] };
const user: TokenIndex = { name: 'ix_token_user_id', columns: ['user_id'] };
const trust: TokenIndex = { name: 'ix_token_trust_id', columns: ['trust_id'] };

/** Where Keystone's own migrations stood when they first made an index of this table: Havana's 024. */
const firstIndexes = 24;

/** The names a release's own migrations gave: 024 and 025 in Havana, 035 and 036 in Icehouse, 055 in Juno. */
export function indexesOfRelease(schema: TokenSurvey['schema']): readonly TokenIndex[] {
  if (schema === null || isBeforeIndexes(schema)) return [];
  if (schema === 'alembic' || schema >= 55) return [expires, expiresValid, user, trust];
  if (schema >= 36) return [expires, expiresValid];
  if (schema >= 35) return [expires, valid, expiresValid];
  return schema >= 25 ? [expires, valid] : [expires];
}

/** Grizzly and older: the migration to Havana makes ix_token_expires itself, and fails where it is there already. */
export function isBeforeIndexes(schema: TokenSurvey['schema']): boolean {
  return typeof schema === 'number' && schema < firstIndexes;
}

type Seen = Pick<TokenSurvey, 'schema' | 'indexNames' | 'columns'>;

export function missingIndexes(seen: Seen): TokenIndex[] {
  return absent(seen).filter(({ columns }) => columns.every((column) => seen.columns.includes(column)));
}

/** Servers show an account no index on a column of which it has no privilege at all: the words to end a sentence with. */
export function unseenIndexes(seen: Seen): string | null {
  const hidden = absent(seen).filter(({ columns }) => columns.some((column) => !seen.columns.includes(column)));
  if (hidden.length === 0) return null;
  const names = hidden.map(({ name }) => name).join(', ');
  const columns = hidden.flatMap((index) => index.columns).filter((column) => !seen.columns.includes(column));
  return `${names} cannot be seen: grant REFERENCES (${[...new Set(columns)].join(', ')}) on keystone.token`;
}

function absent({ schema, indexNames }: Seen): TokenIndex[] {
  return indexesOfRelease(schema).filter(({ name }) => !indexNames.includes(name));
}

/** As far as the schema's number tells it; the last of Keystone's old migrations were Xena's. */
export function releaseWords(schema: TokenSurvey['schema']): string {
  if (schema === null) return 'release unknown (no schema version could be read)';
  if (schema === 'alembic') return 'Yoga or newer';
  const known = releases.findLast(([from]) => schema >= from);
  return `${known?.[1] ?? 'Folsom or older'} (schema ${schema})`;
}

/** The first migration of each that the token table knows of. */
const releases: readonly [number, string][] = [
  [0, 'Folsom or older'],
  [21, 'Grizzly'],
  [24, 'Havana'],
  [35, 'Icehouse'],
  [55, 'Juno or newer'],
];
