import { type Report, text } from '../../chat/report.ts';
import type { GrowthCount, TokenSurvey, TokenTable } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { count, list, moment, size } from '../words.ts';
import { floorMs, naiveUtc } from './cutoff.ts';
import { storesNoTokens } from './report.ts';
import { isBeforeIndexes, missingIndexes, releaseWords } from './schema.ts';

interface Seen {
  readonly cloud: string;
  readonly tokens: TokenTable;
  /** Null where there is no token table. */
  readonly survey: TokenSurvey | null;
  readonly growth: readonly GrowthCount[];
  readonly now: Date;
}

const limitMs = 20_000;
const many = 1000;

/** Five lines: what writes the tokens, how much and how fast, which indexes, how long they stay, what to do. */
export async function advise({ cloud, signal, now }: PlanContext): Promise<Report> {
  const limits = { signal, limitMs };
  const { databases } = cloud;
  const tokens = await databases.tokens({ ...limits, fullScan: false });
  const cutoff = naiveUtc(new Date(now.getTime() - floorMs));
  const survey = tokens.exists ? await databases.tokenSurvey(cutoff, limits) : null;
  const growth = storesNoTokens(tokens) ? await databases.growth(limits) : [];
  const seen = { cloud: cloud.name, tokens, survey, growth, now };
  const lines = [providerLine(seen), sizeLine(seen), indexLine(seen), retentionLine(seen), adviceLine(seen)];
  const worth = (survey?.expired ?? 0) >= many;
  return {
    title: `Tokens of ${cloud.name}`,
    tone: worth ? 'warn' : 'plain',
    blocks: lines.map(text),
    ...(worth ? { replies: [{ label: 'Purge them', line: `tokens purge --cloud ${cloud.name}`, danger: true }] } : {}),
    footer: `${cloud.name} · ${moment(now)}`,
  };
}

const providers: Readonly<Record<TokenTable['provider'], string>> = {
  fernet: 'Fernet: tokens carry themselves, nothing is stored',
  jws: 'JWS: tokens carry themselves, nothing is stored',
  uuid: 'UUID in SQL: every login is a row',
  pki: 'PKI in SQL: every login is a large row with the signed catalog',
  unknown: 'not told by our own token',
};

function providerLine({ tokens, survey }: Seen): string {
  const release = survey === null ? '' : `; ${releaseWords(survey.schema)}`;
  return `Provider: ${providers[tokens.provider]}${release}.`;
}

function sizeLine({ tokens, survey, growth, now }: Seen): string {
  if (!tokens.exists || survey === null) return `Size: there is no token table. ${growthWords(growth)}`;
  const { counts, estimate, dataBytes } = tokens;
  const rows =
    counts === null
      ? `about ${estimate} rows, not counted`
      : `${counts.live + counts.expired + (counts.revoked ?? 0)} rows, ${counts.expired} expired`;
  const growing = growth.length > 0 ? growthWords(growth) : tokenGrowth(tokens, now);
  return `Size: ${rows}, ${size(dataBytes / 1024 ** 2)}; ${growing}`;
}

/** What expired yesterday had come in within a day. Older days may have been purged, the last 48 hours never are. */
function tokenGrowth({ counts, histogram }: TokenTable, now: Date): string {
  if (counts === null) return 'growth not counted.';
  const yesterday = new Date(now.getTime() - 86_400_000).toISOString().slice(0, 10);
  return `about ${histogram.find(({ day }) => day === yesterday)?.rows ?? 0} rows a day, as yesterday.`;
}

function growthWords(growth: readonly GrowthCount[]): string {
  const grown = growth.filter(({ rows }) => (rows ?? 0) > 0);
  if (grown.length === 0) return 'nothing else has grown.';
  const words = grown.map(({ database, table, what, rows }) => `${database} ${table} ${rows} ${what}`);
  return `what grows instead: ${list(words, 6)}.`;
}

function indexLine({ survey }: Seen): string {
  if (survey === null) return 'Indexes: none are needed.';
  const present = survey.indexNames.filter((name) => name !== 'PRIMARY');
  const missing = missingIndexes(survey).map(({ name }) => name);
  const absent =
    survey.schema === null
      ? 'which ones this release wants is not known: grant SELECT on migrate_version and alembic_version'
      : isBeforeIndexes(survey.schema)
        ? 'this release has none of its own, and the next makes them itself'
        : missing.length === 0
          ? 'none missing'
          : `missing ${missing.join(', ')}: tokens index makes them`;
  return `Indexes: ${present.join(', ') || 'none'}; ${absent}.`;
}

function retentionLine({ tokens, survey }: Seen): string {
  if (!tokens.exists || survey === null) return 'Retention: nothing is kept.';
  const oldest = tokens.oldest === null ? '' : ` The oldest expired ${moment(tokens.oldest)}.`;
  const ready = survey.expired === null ? 'not counted' : count(survey.expired, 'row');
  return `Retention: Keystone deletes nothing by itself; 48 h after it expired a row may go (${ready} now).${oldest}`;
}

function adviceLine({ tokens, survey, growth, cloud }: Seen): string {
  const left = (survey?.expired ?? 0) > 0;
  switch (tokens.provider) {
    case 'fernet':
    case 'jws': {
      const purge = `tokens purge --cloud ${cloud} takes what the old provider left; keep the table, db_sync expects it`;
      return `Do: ${[...(left ? [purge] : []), ...growthAdvice(growth)].join('; ') || 'nothing'}.`;
    }
    case 'uuid':
      return `Do: [token] expiration 3600, ${purgeWords(survey)}; from Kilo on move to Fernet, which stores nothing (keys on every node first).`;
    case 'pki':
      return `Do: leave PKI: UUID is the same rows without the catalog, Fernet (Kilo and newer) none; until then [token] expiration 3600 and ${purgeWords(survey)}.`;
    case 'unknown':
      return left
        ? 'Do: look at [token] provider in keystone.conf; expired rows may be purged whatever it is.'
        : 'Do: nothing.';
  }
}

/** A schedule holds only as many rows as its --max: without an index nobody counts them, so all of the table is taken. */
function purgeWords(survey: TokenSurvey | null): string {
  if (survey === null || survey.expiresIndex !== null) return 'tokens purge by a schedule every hour or day';
  const first = missingIndexes(survey).length > 0 ? ' (tokens index makes one)' : '';
  return `tokens purge by hand: without an index on expires${first} a schedule counts every row of the table against its --max`;
}

function growthAdvice(growth: readonly GrowthCount[]): string[] {
  const rows = (table: string): number =>
    growth.filter((one) => one.table === table).reduce((sum, one) => sum + (one.rows ?? 0), 0);
  return [
    ...(rows('revocation_event') > many
      ? [
          'revocation_event is pruned by Keystone itself whenever something is revoked: revoke one token if it stays large',
        ]
      : []),
    ...(rows('trust') > 0 ? ['keystone-manage trust_flush for expired trusts (soft-deleted ones go with it)'] : []),
    ...(rows('application_credential') > 0
      ? ['expired application credentials stay until their owners delete them']
      : []),
    ...(rows('instances') > 0 ? ['nova-manage db archive_deleted_rows --until-complete for Nova’s deleted rows'] : []),
  ];
}
