import { type Block, type Report, text } from '../../chat/report.ts';
import type { GrowthCount, TokenTable } from '../../openstack/cloud.ts';
import { count, moment, size } from '../words.ts';

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
      ...(growth.length > 0 ? growthBlocks(growth) : []),
    ],
    ...(uncounted ? { replies: [again(counted)] } : {}),
    footer: `${cloud} · ${moment(counted.now)} · ${tokens.seconds.toFixed(1)} s`,
  };
}

/** Fernet and JWS keep no rows; an empty table is as good as none. Then other tables are worth a look. */
export function storesNoTokens(tokens: TokenTable): boolean {
  return tokens.provider === 'fernet' || tokens.provider === 'jws' || rowsOf(tokens) === 0;
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

/** Rows that expired on each of the last seven whole days: what came in then and was never purged. */
function growthFields({ tokens, now }: Counted): [string, string][] {
  const today = now.toISOString().slice(0, 10);
  const weekAgo = new Date(now.getTime() - 7 * 86_400_000).toISOString().slice(0, 10);
  const days = tokens.histogram.filter(({ day }) => day >= weekAgo && day < today).map(({ rows }) => rows);
  if (days.length === 0 || tokens.provider === 'fernet' || tokens.provider === 'jws') return [];
  return [
    ['growth', `about ${Math.round(days.reduce((sum, rows) => sum + rows, 0) / 7)} rows a day over the last week`],
  ];
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

function growthBlocks(growth: readonly GrowthCount[]): Block[] {
  const sorted = growth.toSorted((a, b) => (b.rows ?? -1) - (a.rows ?? -1));
  const counted = sorted.filter(({ rows }) => rows !== null);
  const shown = counted.slice(0, tablesShown);
  const hidden = counted.length - shown.length;
  const unread = sorted.filter(({ why }) => why !== null);
  return [
    text('What grows instead:'),
    {
      kind: 'table',
      columns: ['DATABASE', 'TABLE', 'WHAT', 'ROWS'],
      rows: shown.map(({ database, table, what, rows }) => [database, table, what, `${rows}`]),
    },
    ...(hidden > 0 ? [text(`${count(hidden, 'smaller table')} not shown.`)] : []),
    ...[...new Map(unread.map((one) => [one.why, one])).values()].map(({ table, what, why }) =>
      text(`${table} (${what}) could not be counted: ${why}`),
    ),
    ...hints(counted),
  ];
}

function hints(counted: readonly GrowthCount[]): Block[] {
  const has = (which: (one: GrowthCount) => boolean): boolean =>
    counted.some((one) => which(one) && (one.rows ?? 0) > 0);
  return [
    ...(has(({ table, rows }) => table === 'revocation_event' && (rows ?? 0) > 1000)
      ? [text('Every token check reads revocation_event; Keystone prunes it only when something is revoked.')]
      : []),
    ...(has(({ table }) => table === 'trust')
      ? [text('Expired and soft-deleted trusts leave with: keystone-manage trust_flush')]
      : []),
    ...(has(({ table, what }) => table === 'instances' && what === 'deleted')
      ? [text('Deleted servers move to the shadow tables with: nova-manage db archive_deleted_rows --until-complete')]
      : []),
    ...(has(({ table }) => table.startsWith('shadow_'))
      ? [text('Shadow tables are emptied with: nova-manage db purge --before DATE')]
      : []),
  ];
}
