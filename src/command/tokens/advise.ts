import { type Report, text } from '../../chat/report.ts';
import type { GrowthCount, TokenSurvey, TokenTable } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import type { PlanContext } from '../command.ts';
import { count, moment, size } from '../words.ts';
import { floorMs, naiveUtc } from './cutoff.ts';
import { growthAdvice, growthWords } from './growth.ts';
import { storesNoTokens, wholeDays } from './report.ts';
import { isBeforeIndexes, missingIndexes, releaseWords, unseenIndexes } from './schema.ts';

interface Seen {
  readonly cloud: string;
  readonly tokens: TokenTable;
  /** Null where there is no token table. */
  readonly survey: TokenSurvey | null;
  readonly growth: readonly GrowthCount[];
  readonly allCells: boolean | null;
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
  const allCells = growth.some(({ table }) => table === 'instances') ? await knowsAllCells(cloud) : null;
  const seen = { cloud: cloud.name, tokens, survey, growth, allCells, now };
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

/** `nova-manage` goes through all cells from Train on, whose API ends with 2.79; null where Nova does not answer. */
async function knowsAllCells(cloud: PlanContext['cloud']): Promise<boolean | null> {
  try {
    const { major, minor } = (await cloud.about()).computeVersion;
    return major > 2 || minor >= 79;
  } catch (error) {
    if (error instanceof OpenStackError) return null;
    throw error;
  }
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
  const where = tokens.stored === false ? elsewhere(tokens.provider) : providers[tokens.provider];
  return `Provider: ${where}${release}.`;
}

function elsewhere(provider: TokenTable['provider']): string {
  return `${provider.toUpperCase()}, not in SQL (memcache?): our own token is no row here`;
}

function sizeLine({ tokens, survey, growth, now }: Seen): string {
  if (!tokens.exists || survey === null) return `Size: there is no token table. ${growthWords(growth)}`;
  const { counts, estimate, dataBytes } = tokens;
  const rows =
    counts === null
      ? `about ${estimate} rows, not counted`
      : `${counts.live + counts.expired + (counts.revoked ?? 0)} rows, ${counts.expired} expired`;
  const growing = storesNoTokens(tokens) ? growthWords(growth) : tokenGrowth(tokens, now);
  return `Size: ${rows}, ${size(dataBytes / 1024 ** 2)}; ${growing}`;
}

/** What expired yesterday had come in within a day, where nobody has deleted of it. */
function tokenGrowth(tokens: TokenTable, now: Date): string {
  if (tokens.counts === null) return 'growth not counted.';
  const yesterday = wholeDays(tokens, now).at(-1);
  return yesterday === undefined
    ? 'somebody flushes already; growth not known.'
    : `about ${yesterday} rows a day, as yesterday.`;
}

function indexLine({ survey }: Seen): string {
  if (survey === null) return 'Indexes: none are needed.';
  const present = survey.indexNames.filter((name) => name !== 'PRIMARY');
  return `Indexes: ${present.join(', ') || 'none'}; ${absentWords(survey)}.`;
}

function absentWords(survey: TokenSurvey): string {
  if (survey.schema === null)
    return 'which ones this release wants is not known: grant SELECT on migrate_version and alembic_version';
  if (isBeforeIndexes(survey.schema)) return 'this release has none of its own, and the next makes them itself';
  const missing = missingIndexes(survey).map(({ name }) => name);
  const unseen = unseenIndexes(survey);
  const words = [
    ...(missing.length > 0 ? [`missing ${missing.join(', ')}: tokens index makes them`] : []),
    ...(unseen === null ? [] : [unseen]),
  ];
  return words.join('; ') || 'none missing';
}

function retentionLine({ tokens, survey, now }: Seen): string {
  if (!tokens.exists || survey === null) return 'Retention: nothing is kept.';
  const oldest = tokens.oldest === null || tokens.oldest > now ? '' : ` The oldest expired ${moment(tokens.oldest)}.`;
  const ready = survey.expired === null ? 'not counted' : count(survey.expired, 'row');
  return `Retention: Keystone deletes nothing by itself; 48 h after it expired a row may go (${ready} now).${oldest}`;
}

function adviceLine(seen: Seen): string {
  const { tokens, survey } = seen;
  const left = (survey?.expired ?? 0) > 0;
  if (tokens.stored === false)
    return `Do: ${[...memcacheAdvice, ...leftAdvice(seen), ...grownAdvice(seen)].join('; ')}.`;
  switch (tokens.provider) {
    case 'fernet':
    case 'jws':
      return `Do: ${[...leftAdvice(seen), ...grownAdvice(seen)].join('; ') || 'nothing'}.`;
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

const memcacheAdvice = [
  'nothing has to be purged there, but a memcached that is full or restarted drops living tokens',
  'from Kilo on move to Fernet, which stores nothing (keys on every node first)',
];

/** Nothing reads or writes the table any more. TRUNCATE takes every row, so it is named where none is young. */
function leftAdvice({ tokens: { counts }, survey, cloud }: Seen): string[] {
  const old = survey?.expired ?? 0;
  if (old === 0) return [];
  const all = counts === null ? null : counts.live + counts.expired + (counts.revoked ?? 0);
  if (all !== old)
    return [`tokens purge --cloud ${cloud} takes what the old provider left; keep the table, db_sync expects it`];
  return [
    `tokens archive --cloud ${cloud}, then TRUNCATE TABLE token by hand takes what the old provider left and gives its disk back (never DROP: db_sync expects the table)`,
  ];
}

function grownAdvice({ growth, cloud, survey, allCells }: Seen): string[] {
  return growthAdvice(growth, { cloud, schema: survey?.schema ?? null, allCells });
}

/** A schedule holds only as many rows as its --max: without an index nobody counts them, so all of the table is taken. */
function purgeWords(survey: TokenSurvey | null): string {
  if (survey === null || survey.expiresIndex !== null) return 'tokens purge by a schedule every hour or day';
  const first = missingIndexes(survey).length > 0 ? ' (tokens index makes one)' : '';
  return `tokens purge by hand: without an index on expires${first} a schedule counts every row of the table against its --max`;
}
