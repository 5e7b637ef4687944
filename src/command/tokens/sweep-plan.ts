import { type Block, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { ArchivePlace, SweptTable } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { spokenDuration } from '../duration.ts';
import type { PlanDraft, PlannedStep, PlanRow } from '../plan.ts';
import { count, moment, size } from '../words.ts';
import { type Before, naiveUtc } from './cutoff.ts';
import { lookAt, type Met } from './sweep-look.ts';
import { sweptWords } from './swept.ts';

interface Wish {
  readonly table: SweptTable;
  readonly before: Before | undefined;
  readonly archive: boolean;
  readonly purge: boolean;
}

interface Seen extends Wish, Met {
  readonly place: ArchivePlace | null;
  /** What a purge would wait for if it began now. */
  readonly waits: readonly string[];
}

/** Below it the rows are sought by their index: each is then a page of its own to read and write. */
const indexShare = 0.12;
/** Rows a second, measured with 4 KB rows on two cores; only to say how long it may take. */
const pace = { archive: 15_000, purge: 16_000 } as const;
/** zstd makes a token some 5 times smaller; a disk is not trusted to the last byte. */
const shrinks = 4;

type Act = PlannedStep & { step: 'sweep' | 'prove' };
type Draft<S extends Act['step']> = PlanDraft & { steps: (PlannedStep & { step: S })[] };

/** `tokens archive`: the rows are copied and stay. The bound is fixed here and holds to the end. */
export async function archivePlan(before: Before | undefined, context: PlanContext): Promise<Draft<'sweep'>> {
  const seen = await look({ table: 'token', before, archive: true, purge: false }, context);
  return { ...drafted(seen, context.cloud.name), stages: [{ name: 'archive' }] };
}

/** `tokens purge`: archived unless told otherwise, deleted, and looked for once more. */
export async function purgePlan(wish: Omit<Wish, 'purge'>, context: PlanContext): Promise<Draft<Act['step']>> {
  const seen = await look({ ...wish, purge: true }, context);
  const draft = drafted(seen, context.cloud.name);
  const input = { table: seen.table, cutoff: naiveUtc(seen.cutoff) };
  return {
    ...draft,
    stages: [{ name: 'purge' }, { name: 'proof', always: true }],
    steps: [...draft.steps, { key: 'prove', step: 'prove', input, stage: 'proof', label: 'prove that none is left' }],
  };
}

function drafted(seen: Seen, cloud: string): Omit<Draft<'sweep'>, 'stages'> {
  refuse(seen, cloud);
  const { table, cutoff, archive, purge, old, all } = seen;
  const { old: thing, did } = sweptWords[table];
  const name = purge ? 'purge' : 'archive';
  const input = { table, cutoff: naiveUtc(cutoff), archive, purge, index: indexOf(seen), expected: old };
  const what = old === null ? `${thing}s` : count(old, thing);
  return {
    title: `${name} ${what} of ${cloud}`,
    blocks: [{ kind: 'fields', fields: facts(seen) }, ...warnings(seen)],
    rows: [row(seen, what)],
    steps: [
      { key: 'sweep', step: 'sweep', input, stage: name, label: `${verb(seen)} what ${did} before ${moment(cutoff)}` },
    ],
    claims: [`tokens:${cloud}`],
    size: old ?? all,
  };
}

async function look(wish: Wish, context: PlanContext): Promise<Seen> {
  const { cloud, mustArchive } = context;
  if (wish.purge && !wish.archive && mustArchive)
    throw new UserError(
      `the policy wants ${sweptWords[wish.table].one}s of ${cloud.name} archived before they are deleted (traceable): leave --no-archive out`,
    );
  const met = await lookAt(wish.table, wish.before, context);
  const waits = wish.purge ? await waitsOf(cloud.databases) : [];
  const place = wish.archive ? await cloud.databases.archivePlace() : null;
  return { ...wish, ...met, place, waits };
}

async function waitsOf(databases: PlanContext['cloud']['databases']): Promise<string[]> {
  const troubles = await databases.replicaTroubles();
  const lasting = troubles.find((one) => one.lasting);
  if (lasting !== undefined) throw new UserError(`a purge would wait for ever: ${lasting.trouble}`);
  return troubles.map(({ trouble }) => trouble);
}

function refuse({ table, old, all, dataBytes, galera, place, cutoff }: Seen, cloud: string): void {
  const { one, did } = sweptWords[table];
  if (old === 0) throw new UserError(`no ${one} of ${cloud} ${did} before ${moment(cutoff)}: nothing to do`);
  if (galera !== null && galera.state !== 'Synced')
    throw new UserError(
      `the database of ${cloud} is a Galera node that is ${galera.state}, not Synced: look at it first`,
    );
  const share = old === null ? 1 : Math.min(1, old / Math.max(1, all));
  const needed = (dataBytes * share) / shrinks;
  if (place !== null && place.freeBytes < needed)
    throw new UserError(
      `the archive may need ${mb(needed)}, and ${place.folder} on ${place.host} has ${mb(place.freeBytes)} left`,
    );
}

/** Revocations lie in the order in which they were made, so their index is never the longer way. */
function indexOf({ table, purge, old, all, index }: Seen): string | null {
  if (table === 'revocation_event') return index;
  return purge && old !== null && old < all * indexShare ? index : null;
}

function row({ table, cutoff, archive, purge, place }: Seen, what: string): PlanRow {
  const where = place === null ? '' : `; archive on ${place.host}`;
  const why = `${sweptWords[table].did} before ${moment(cutoff)}${where}`;
  const weight = purge ? (archive ? 3 : 4) : 1;
  return { key: 'expired', label: what, verdict: verb({ archive, purge }), weight, why };
}

function verb({ archive, purge }: Pick<Wish, 'archive' | 'purge'>): string {
  if (!purge) return 'archive';
  return archive ? 'archive, then delete' : 'delete';
}

function facts(seen: Seen): [string, string][] {
  const { table, old, all, index, dataBytes, place, cutoff, purge, archive } = seen;
  const seconds = (old ?? all) / (archive ? pace.archive : pace.purge);
  const uncounted = index === null ? `no index on ${table === 'token' ? 'expires' : 'revoked_at'}` : 'took too long';
  return [
    [
      table === 'token' ? 'expired' : 'old',
      old === null ? `not counted (${uncounted}); about ${all} rows in all` : `${old}`,
    ],
    ['before', `${moment(cutoff)}, fixed now`],
    ['table', `${table}, ${size(dataBytes / 1024 ** 2)}`],
    ...(place === null
      ? []
      : [['archive', `${place.host}:${place.folder}, ${sealWords(place)}`] satisfies [string, string]]),
    ...(purge ? [['brakes', brakeWords(seen)] satisfies [string, string]] : []),
    ['takes', `about ${spokenDuration(Math.max(1000, seconds * 1000))}, longer on a busy server`],
  ];
}

function sealWords({ keyId, freeBytes }: ArchivePlace): string {
  return `${keyId === null ? 'in clear' : `sealed to key ${keyId}`}, ${mb(freeBytes)} free`;
}

function brakeWords({ galera, replicas }: Met): string {
  const watched = [
    'threads and lock waits',
    ...(galera === null ? [] : [`Galera's flow control (${count(galera.nodes, 'node')})`]),
    ...(replicas === 0 ? [] : [`the lag of ${count(replicas, 'replica')}`]),
  ];
  return watched.join(', ');
}

function warnings({ table, purge, archive, replicas, galera, waits }: Seen): Block[] {
  if (!purge) return [];
  return [
    ...waits.map((why) => text(`It would wait as things are: ${why}.`)),
    text(sweptWords[table].stays),
    ...(archive ? [] : [text('Nothing is archived: what is deleted is gone.')]),
    text('The table’s file does not shrink: new rows use its free pages again.'),
    ...(replicas === 0 && galera === null
      ? [text('No replica is watched: name them in vigie.keystone_replicas if there are any.')]
      : []),
  ];
}

function mb(bytes: number): string {
  return size(bytes / 1024 ** 2);
}
