import { type Block, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { ArchivePlace, TokenSurvey, TokenTable } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import type { PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { count, moment, size } from '../words.ts';
import { type Before, cutoffOf, naiveUtc } from './cutoff.ts';

interface Wish {
  readonly before: Before | undefined;
  readonly archive: boolean;
  readonly purge: boolean;
}

interface Seen extends Wish {
  readonly cutoff: Date;
  readonly tokens: TokenTable;
  readonly survey: TokenSurvey;
  readonly place: ArchivePlace | null;
}

const countMs = 20_000;
/** Below it the rows are sought by their index: each is then a page of its own to read and write. */
const indexShare = 0.12;
/** Rows a second, measured with 4 KB rows on two cores; only to say how long it may take. */
const pace = { archive: 15_000, purge: 20_000 } as const;
/** zstd makes a token some 5 times smaller; a disk is not trusted to the last byte. */
const shrinks = 4;

type Act = PlannedStep & { step: 'sweep' | 'prove' };
type Draft<S extends Act['step']> = PlanDraft & { steps: (PlannedStep & { step: S })[] };

/** `tokens archive`: the rows are copied and stay. The bound is fixed here and holds to the end. */
export async function archivePlan(before: Before | undefined, context: PlanContext): Promise<Draft<'sweep'>> {
  const seen = await look({ before, archive: true, purge: false }, context);
  return { ...drafted(seen, context.cloud.name), stages: [{ name: 'archive' }] };
}

/** `tokens purge`: archived unless told otherwise, deleted, and looked for once more. */
export async function purgePlan(
  { before, archive }: { before: Before | undefined; archive: boolean },
  context: PlanContext,
): Promise<Draft<Act['step']>> {
  const seen = await look({ before, archive, purge: true }, context);
  const draft = drafted(seen, context.cloud.name);
  const input = { cutoff: naiveUtc(seen.cutoff) };
  return {
    ...draft,
    stages: [{ name: 'purge' }, { name: 'proof', always: true }],
    steps: [...draft.steps, { key: 'prove', step: 'prove', input, stage: 'proof', label: 'prove that none is left' }],
  };
}

function drafted(seen: Seen, cloud: string): Omit<Draft<'sweep'>, 'stages'> {
  refuse(seen, cloud);
  const { survey, tokens, cutoff, archive, purge } = seen;
  const name = purge ? 'purge' : 'archive';
  const index = purge ? indexOf(seen) : null;
  const input = { cutoff: naiveUtc(cutoff), archive, purge, index, expected: survey.expired };
  const what = survey.expired === null ? 'expired tokens' : count(survey.expired, 'expired token');
  const label = `${verb(seen)} what expired before ${moment(cutoff)}`;
  return {
    title: `${name} ${what} of ${cloud}`,
    blocks: [{ kind: 'fields', fields: facts(seen) }, ...warnings(seen)],
    rows: [row(seen, what)],
    steps: [{ key: 'sweep', step: 'sweep', input, stage: name, label }],
    claims: [`tokens:${cloud}`],
    size: survey.expired ?? tokens.estimate,
  };
}

async function look(wish: Wish, { cloud, now, signal, mustArchive }: PlanContext): Promise<Seen> {
  if (wish.purge && !wish.archive && mustArchive)
    throw new UserError(
      `the policy wants tokens of ${cloud.name} archived before they are deleted (traceable): leave --no-archive out`,
    );
  const cutoff = cutoffOf(wish.before, now);
  const { databases } = cloud;
  const tokens = await databases.tokens({ signal, limitMs: countMs, fullScan: false });
  if (!tokens.exists) throw new UserError(`Keystone of ${cloud.name} has no token table`);
  const survey = await databases.tokenSurvey(naiveUtc(cutoff), { signal, limitMs: countMs });
  const trouble = wish.purge ? await databases.replicaTrouble() : null;
  if (trouble !== null) throw new UserError(`a purge would wait for ever: ${trouble}`);
  const place = wish.archive ? await databases.archivePlace() : null;
  return { ...wish, cutoff, tokens, survey, place };
}

function refuse({ survey, place, tokens, cutoff }: Seen, cloud: string): void {
  if (survey.expired === 0) throw new UserError(`no token of ${cloud} expired before ${moment(cutoff)}: nothing to do`);
  if (survey.galera !== null && survey.galera.state !== 'Synced')
    throw new UserError(
      `the database of ${cloud} is a Galera node that is ${survey.galera.state}, not Synced: look at it first`,
    );
  const share = survey.expired === null ? 1 : Math.min(1, survey.expired / Math.max(1, allRows(tokens)));
  const needed = (tokens.dataBytes * share) / shrinks;
  if (place !== null && place.freeBytes < needed)
    throw new UserError(
      `the archive may need ${mb(needed)}, and ${place.folder} on ${place.host} has ${mb(place.freeBytes)} left`,
    );
}

function indexOf({ survey, tokens }: Seen): string | null {
  if (survey.expired === null || survey.expired >= allRows(tokens) * indexShare) return null;
  return survey.expiresIndex;
}

function allRows({ counts, estimate }: TokenTable): number {
  return counts === null ? estimate : counts.live + counts.expired + (counts.revoked ?? 0);
}

function row({ cutoff, archive, purge, place }: Seen, what: string): PlanRow {
  const why = `expired before ${moment(cutoff)}${place === null ? '' : `; archive on ${place.host}`}`;
  const weight = purge ? (archive ? 3 : 4) : 1;
  return { key: 'expired', label: what, verdict: verb({ archive, purge }), weight, why };
}

function verb({ archive, purge }: Pick<Wish, 'archive' | 'purge'>): string {
  if (!purge) return 'archive';
  return archive ? 'archive, then delete' : 'delete';
}

function facts(seen: Seen): [string, string][] {
  const { tokens, survey, place, cutoff, purge, archive } = seen;
  const rows = survey.expired ?? tokens.estimate;
  const seconds = rows / (archive ? pace.archive : pace.purge);
  return [
    [
      'expired',
      survey.expired === null
        ? `not counted (no index on expires); about ${tokens.estimate} rows in all`
        : `${survey.expired}`,
    ],
    ['before', `${moment(cutoff)}, fixed now`],
    ['table', size(tokens.dataBytes / 1024 ** 2)],
    ...(place === null
      ? []
      : [['archive', `${place.host}:${place.folder}, ${sealWords(place)}`] satisfies [string, string]]),
    ...(purge ? [['brakes', brakeWords(survey)] satisfies [string, string]] : []),
    ['takes', `about ${spokenDuration(Math.max(1000, seconds * 1000))}, longer on a busy server`],
  ];
}

function sealWords({ keyId, freeBytes }: ArchivePlace): string {
  return `${keyId === null ? 'in clear' : `sealed to key ${keyId}`}, ${mb(freeBytes)} free`;
}

function brakeWords({ galera, replicas }: TokenSurvey): string {
  const watched = [
    'threads and lock waits',
    ...(galera === null ? [] : [`Galera's flow control (${count(galera.nodes, 'node')})`]),
    ...(replicas === 0 ? [] : [`the lag of ${count(replicas, 'replica')}`]),
  ];
  return watched.join(', ');
}

function warnings({ purge, archive, survey }: Seen): Block[] {
  return [
    ...(purge ? [text('Tokens that have not expired stay, revoked ones too: they are the revocation list.')] : []),
    ...(purge && !archive ? [text('Nothing is archived: what is deleted is gone.')] : []),
    ...(purge ? [text('The table’s file does not shrink: new tokens use its free pages again.')] : []),
    ...(purge && survey.replicas === 0 && survey.galera === null
      ? [text('No replica is watched: name them in vigie.keystone_replicas if there are any.')]
      : []),
  ];
}

function mb(bytes: number): string {
  return size(bytes / 1024 ** 2);
}
