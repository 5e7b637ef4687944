import { type Block, type Report, text } from '../../chat/report.ts';
import type { GrowthCount, TokenTable } from '../../openstack/cloud.ts';
import { count, moment, size } from '../words.ts';
import { growthAdvice, notCounted } from './growth.ts';

export interface Counted {
  readonly cloud: string;
  readonly tokens: TokenTable;
  /** Empty where tokens are rows. */
  readonly growth: readonly GrowthCount[];
  readonly limitMs: number;
  readonly fullScan: boolean;
  readonly now: Date;
}

/** A million rows of 4 KB took 12 to 17 s to read; a table in memory is faster, one on slow disks slower. */
const secondsPerRow = 15e-6;
const manyRows = 100_000;
const tablesShown = 12;

export function countReport(counted: Counted): Report {
  const { cloud, tokens, growth } = counted;
  const uncounted = tokens.exists && tokens.counts === null;
  return {
    title: title(counted),
    tone: uncounted || (tokens.counts?.expired ?? 0) >= manyRows ? 'warn' : 'plain',
    blocks: [
      text(providerWords(tokens)),
      ...(tokens.exists ? tableBlocks(counted) : []),
      ...(growth.length > 0 ? growthBlocks(counted) : []),
    ],
    ...(uncounted ? { replies: [again(counted)] } : {}),
    footer: `${cloud} · ${moment(counted.now)} · ${tokens.seconds.toFixed(1)} s`,
  };
}

/** Fernet and JWS keep no rows, memcache keeps its own; an empty table is as good as none. Then other tables are worth a look. */
export function storesNoTokens(tokens: TokenTable): boolean {
  const { provider, stored } = tokens;
  return provider === 'fernet' || provider === 'jws' || stored === false || rowsOf(tokens) === 0;
}

/** Counted, or else the estimate. */
function rowsOf({ counts, estimate }: TokenTable): number {
  return counts === null ? estimate : counts.live + counts.expired + (counts.revoked ?? 0);
}

function title({ cloud, tokens }: Counted): string {
  const { counts } = tokens;
  if (!tokens.exists) return `${cloud}: Keystone has no token table`;
  if (counts === null) return `${cloud}: token rows not counted`;
  const total = rowsOf(tokens);
  return total === 0 ? `${cloud}: no token rows` : `${cloud}: ${count(total, 'token row')}, ${counts.expired} expired`;
}

function providerWords(tokens: TokenTable): string {
  const rows = rowsOf(tokens);
  const left = rows > 0 ? ' The rows below were left by another provider: nothing reads them any more.' : '';
  if (tokens.stored === false)
    return `Tokens are ${tokens.provider.toUpperCase()}, and not in SQL (memcache?): our own token is no row here.${left}`;
  switch (tokens.provider) {
    case 'fernet':
      return `Tokens are Fernet: they carry themselves and are stored nowhere.${left}`;
    case 'jws':
      return `Tokens are JWS: they carry themselves and are stored nowhere.${left}`;
    case 'uuid':
      return 'Tokens are UUIDs: every login is a row, and stays until it is purged.';
    case 'pki':
      return 'Tokens are PKI: every login is a large row, and stays until it is purged.';
    case 'unknown':
      return rows > 0
        ? 'Which provider writes these rows could not be found out.'
        : 'Which provider Keystone runs could not be found out; no token is stored.';
  }
}

function tableBlocks(counted: Counted): Block[] {
  const { counts, oldest, histogram, indexes, dataBytes, estimate } = counted.tokens;
  const fields: [string, string][] = [
    ...(counts === null
      ? [
          ['rows', `about ${estimate} (the server's estimate, may be off by a factor of three)`] satisfies [
            string,
            string,
          ],
        ]
      : countFields(counts)),
    ...(oldest === null
      ? []
      : [['oldest', `${oldest <= counted.now ? 'expired' : 'expires'} ${moment(oldest)}`] satisfies [string, string]]),
    ...growthFields(counted),
    ['size', size(dataBytes / 1024 ** 2)],
    ['indexes', indexes.join(', ') || 'none'],
  ];
  const points = histogram.map(({ day, rows }) => ({ at: day, value: rows }));
  return [
    ...(counts === null ? [text(whyNotCounted(counted))] : []),
    { kind: 'fields', fields },
    ...(points.length > 1
      ? [{ kind: 'chart', label: 'rows by the day they expire (UTC)', points } satisfies Block]
      : []),
  ];
}

function countFields({ live, expired, revoked }: NonNullable<TokenTable['counts']>): [string, string][] {
  return [
    ['live', `${live}`],
    ['expired', `${expired}`],
    [
      'revoked',
      revoked === null
        ? 'not in the index: would need a read of every row'
        : `${revoked} (not expired; the revocation list)`,
    ],
  ];
}

function growthFields({ tokens, now }: Counted): [string, string][] {
  if (storesNoTokens(tokens) || tokens.counts === null) return [];
  const days = wholeDays(tokens, now);
  if (days.length === 0) return [['growth', 'not known: somebody flushes already']];
  const mean = Math.round(days.reduce((sum, rows) => sum + rows, 0) / days.length);
  return [['growth', `about ${mean} rows a day over the last ${count(days.length, 'day')}`]];
}

const dayMs = 86_400_000;

/**
 * Rows by the day they expired, up to yesterday: as many of the last seven days as nobody has deleted of, for a purge and
 * `token_flush` take the oldest first. None of a table that somebody flushes every day.
 */
export function wholeDays({ oldest, histogram }: TokenTable, now: Date): number[] {
  const dayOf = (daysAgo: number): string => new Date(now.getTime() - daysAgo * dayMs).toISOString().slice(0, 10);
  const first = oldest?.toISOString().slice(0, 10) ?? dayOf(0);
  const rows = new Map(histogram.map((one) => [one.day, one.rows]));
  return [7, 6, 5, 4, 3, 2, 1]
    .map(dayOf)
    .filter((day) => day > first)
    .map((day) => rows.get(day) ?? 0);
}

function whyNotCounted({ tokens, limitMs, fullScan }: Counted): string {
  const cost = `about ${Math.max(1, Math.round(tokens.estimate * secondsPerRow))} s`;
  if (fullScan || hasIndex(tokens))
    return `The count took longer than ${limitMs / 1000} s and was stopped. Give it more time with --limit.`;
  return `There is no index on expires, so a count would read the whole table: ${cost} by the estimate, more from slow disks. Not done unasked.`;
}

function again({ cloud, tokens, limitMs, fullScan }: Counted): { label: string; line: string } {
  const limit = `--limit ${Math.min(3600, Math.round((limitMs / 1000) * 6))}s --cloud ${cloud}`;
  if (fullScan || !hasIndex(tokens))
    return {
      label: fullScan ? 'Count with more time' : 'Count all the same',
      line: `tokens count --full-scan ${limit}`,
    };
  return { label: 'Count with more time', line: `tokens count ${limit}` };
}

function hasIndex({ indexes }: TokenTable): boolean {
  return indexes.some((index) => index.includes('(expires'));
}

function growthBlocks({ growth, cloud }: Counted): Block[] {
  const sorted = growth.toSorted((a, b) => (b.rows ?? -1) - (a.rows ?? -1));
  const counted = sorted.filter(({ rows }) => rows !== null);
  const shown = counted.slice(0, tablesShown);
  const hidden = counted.length - shown.length;
  const unread = notCounted(growth);
  return [
    ...(shown.length > 0 ? grownTable(shown) : []),
    ...(hidden > 0 ? [text(`${count(hidden, 'smaller table')} not shown.`)] : []),
    ...(unread === null ? [] : [text(`Not counted: ${unread}.`)]),
    ...growthAdvice(growth, { cloud, schema: null, allCells: null }).map(text),
  ];
}

function grownTable(shown: readonly GrowthCount[]): Block[] {
  const columns = ['DATABASE', 'TABLE', 'WHAT', 'ROWS'];
  const rows = shown.map(({ database, table, what, rows: found }) => [database, table, what, `${found}`]);
  return [text('What grows instead:'), { kind: 'table', columns, rows }];
}
