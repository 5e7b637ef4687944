import { createHash } from 'node:crypto';
import { escapeId } from 'mysql2';
import { z } from 'zod';
import { UserError } from '../chat/user-error.ts';
import type { OwnToken, SweptTable, TokenTable } from '../openstack/cloud.ts';
import { databaseProblem } from './operator-errors.ts';
import type { OperatorPool } from './operator-pool.ts';

export interface KeystoneParts {
  readonly cloud: string;
  readonly keystone: OperatorPool | null;
  readonly ownToken?: () => Promise<OwnToken>;
  readonly now: () => Date;
}

export interface CountLimits {
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly fullScan: boolean;
}

/**
 * The token table: its size as the server estimates it, its indexes, and counts where an index answers them. Without
 * such an index it counts only when `fullScan` says so, for that reads every row from the disk.
 */
export async function countTokens(parts: KeystoneParts, limits: CountLimits): Promise<TokenTable> {
  const began = performance.now();
  const keystone = keystoneOf(parts);
  const own = await parts.ownToken?.().catch(() => null);
  const provider = providerOf(own?.id ?? '');
  const size = await sizeOf(keystone, 'token');
  if (size === null)
    return { ...nothing, provider, stored: inSql(provider) ? false : null, seconds: secondsSince(began) };
  const indexes = await indexesOf(keystone);
  const counted = await count(keystone, { index: bestIndex(indexes), now: parts.now(), ...limits });
  return {
    exists: true,
    provider,
    stored: own && inSql(provider) ? await isStored(keystone, own.id) : null,
    indexes: indexes.map(({ name, columns }) => `${name} (${columns.join(', ')})`),
    ...size,
    ...counted,
    seconds: secondsSince(began),
  };
}

export function keystoneOf({ keystone, cloud }: Pick<KeystoneParts, 'keystone' | 'cloud'>): OperatorPool {
  if (keystone !== null) return keystone;
  throw new UserError(`no DSN for keystone's database of ${cloud}: add it as vigie.keystone in clouds.yaml`);
}

/** As MySQL writes a moment: Keystone's and Nova's are naive UTC. */
export function naiveUtc(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

const nothing: Omit<TokenTable, 'provider' | 'stored' | 'seconds'> = {
  exists: false,
  indexes: [],
  estimate: 0,
  dataBytes: 0,
  counts: null,
  histogram: [],
  oldest: null,
};

/** Fernet and JWS tokens carry themselves; a UUID is 32 hex digits, PKI is CMS (`MII`, or `PKIZ_`). */
function providerOf(token: string): TokenTable['provider'] {
  if (token.startsWith('gAAAA')) return 'fernet';
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return 'jws';
  if (/^[0-9a-f]{32}$/.test(token)) return 'uuid';
  return /^(?:MII|PKIZ_)/.test(token) ? 'pki' : 'unknown';
}

/** Whose tokens are rows, unless memcache keeps them. */
function inSql(provider: TokenTable['provider']): boolean {
  return provider === 'uuid' || provider === 'pki';
}

/** A UUID is its own key; of a PKI token that is a hash: `[token] hash_algorithm`, md5 unless somebody chose another. */
async function isStored(keystone: OperatorPool, token: string): Promise<boolean> {
  const hashes = ['md5', 'sha256'].map((algorithm) => createHash(algorithm).update(token).digest('hex'));
  const ids = [token, ...hashes].filter((id) => id.length <= 64);
  const rows = await keystone.raw({ sql: 'SELECT 1 FROM token WHERE id IN (?) LIMIT 1', values: [ids] });
  return rows.length > 0;
}

const SizeRow = z.object({ estimate: z.coerce.number(), dataBytes: z.coerce.number() });

/** Null where there is no such table. */
export async function sizeOf(keystone: OperatorPool, table: SweptTable): Promise<z.output<typeof SizeRow> | null> {
  let held: unknown[];
  try {
    // An account without any grant on the table would not see it below: it hears so here, for absent is something else.
    held = await keystone.read(z.unknown(), { sql: `SELECT 1 FROM ${table} LIMIT 1` });
  } catch (error) {
    if (databaseProblem(error) === 'missing') return null;
    throw error;
  }
  const [size] = await keystone.read(SizeRow, {
    sql: `SELECT COALESCE(TABLE_ROWS, 0) AS estimate, COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0) AS dataBytes
      FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
    values: [table],
  });
  // Fresh statistics may still say 0 where rows are.
  return size === undefined ? null : { ...size, estimate: Math.max(size.estimate, held.length) };
}

interface Index {
  readonly name: string;
  readonly columns: readonly string[];
}

async function indexesOf(keystone: OperatorPool): Promise<Index[]> {
  const rows = await keystone.read(z.object({ name: z.string(), column: z.string() }), {
    sql: `SELECT INDEX_NAME AS name, COLUMN_NAME AS \`column\` FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'token' ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
  });
  const names = [...new Set(rows.map(({ name }) => name))];
  return names.map((name) => ({ name, columns: rows.filter((row) => row.name === name).map(({ column }) => column) }));
}

/** One that holds `expires` first; better with `valid` in it, for then it answers everything. */
function bestIndex(indexes: readonly Index[]): Index | null {
  const byTime = indexes.filter(({ columns }) => columns[0] === 'expires');
  return byTime.find(({ columns }) => columns.includes('valid')) ?? byTime[0] ?? null;
}

const DayRow = z.object({
  day: z.string().nullable(),
  expired: z.coerce.number().nullable(),
  valid: z.coerce.number().nullable(),
  found: z.coerce.number(),
  oldest: z.string().nullable(),
});
type DayRow = z.output<typeof DayRow>;

type Counted = Pick<TokenTable, 'counts' | 'histogram' | 'oldest'>;

async function count(
  keystone: OperatorPool,
  { index, now, signal, limitMs, fullScan }: CountLimits & { index: Index | null; now: Date },
): Promise<Counted> {
  if (index === null && !fullScan) return { counts: null, histogram: [], oldest: null };
  // `valid` outside the index would mean a read of every row.
  const valid = index === null || index.columns.includes('valid') ? 'valid' : 'NULL';
  const table = index === null ? 'token' : `token FORCE INDEX (${escapeId(index.name, true)})`;
  const counting = keystone.read(DayRow, {
    sql: `SELECT DATE(expires) AS day, expires <= ? AS expired, ${valid} AS valid, COUNT(*) AS found, MIN(expires) AS oldest
      FROM ${table} GROUP BY day, expired, ${valid === 'valid' ? 'valid' : 'NULL'} ORDER BY day`,
    values: [naiveUtc(now)],
    signal,
    limitMs,
  });
  const rows = await counting.catch((error: unknown) => {
    if (databaseProblem(error) === 'timeout') return null;
    throw error;
  });
  return rows === null ? { counts: null, histogram: [], oldest: null } : summary(rows, valid === 'valid');
}

/** `revoked` are the rows that are not expired but no longer valid: Keystone's revocation list, never to be purged. */
function summary(rows: readonly DayRow[], knowsValid: boolean): Counted {
  const total = (which: (row: DayRow) => boolean): number =>
    rows.filter(which).reduce((sum, { found }) => sum + found, 0);
  const dated = rows.filter((row) => row.day !== null);
  const days = new Map<string, number>();
  for (const { day, found } of dated) days.set(day ?? '', (days.get(day ?? '') ?? 0) + found);
  const oldest = dated.map((row) => row.oldest ?? '').toSorted()[0];
  return {
    counts: {
      live: total((row) => row.expired !== 1 && row.valid !== 0),
      expired: total((row) => row.expired === 1),
      revoked: knowsValid ? total((row) => row.expired !== 1 && row.valid === 0) : null,
    },
    histogram: [...days].map(([day, found]) => ({ day, rows: found })),
    oldest: oldest ? new Date(`${oldest.replace(' ', 'T')}Z`) : null,
  };
}

function secondsSince(began: number): number {
  return Math.round(performance.now() - began) / 1000;
}
