import { text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { Server } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import type { PlanContext } from '../command.ts';
import { inBatches } from '../drain/server-facts.ts';
import type { Plan, PlanDraft, PlanRow } from '../plan.ts';
import { leaseWords, type ServerLease, serverLease } from '../protection.ts';
import { count, list, moment } from '../words.ts';
import { projectNames } from './projects.ts';
import {
  flagRow,
  isAnothers,
  lockRow,
  type ProtectStep,
  type ProtectWish,
  protectSteps,
  wantedOf,
} from './protect-rows.ts';
import { type Chosen, chosenServers } from './selection.ts';
import { notInPlan, warnings } from './warnings.ts';

interface Judged {
  readonly server: Server;
  readonly rows: readonly PlanRow[];
  /** Empty: it is left as it is, and its row says why. */
  readonly steps: readonly ProtectStep[];
}

/** Servers acted on at a time. */
export const lanes = 4;

export async function protectMany(
  kind: 'project' | 'tag' | 'file',
  name: string,
  wish: ProtectWish,
  context: PlanContext,
): Promise<PlanDraft & { steps: ProtectStep[] }> {
  const { cloud, leases } = context;
  const chosen = await chosenServers(kind, name, cloud);
  const projects = await projectNames(cloud);
  const known = new Map((await leases.list('server')).map((lease) => [lease.subject, serverLease(lease)]));
  const judged = await inBatches(chosen.servers, (server) =>
    judge(server, { wish, projects, lease: known.get(server.id) ?? null }, context),
  );
  const acted = judged.filter(({ steps }) => steps.length > 0);
  if (acted.length === 0) throw new UserError(nothing(chosen, judged));
  const locking = judged.some(({ rows }) => rows.some(({ verdict }) => verdict === 'lock'));
  return {
    title: `protect ${count(acted.length, 'server')} of ${chosen.words}`,
    blocks: [
      { kind: 'fields', fields: fieldsOf(judged, { wish, projects }, context) },
      ...[...notInPlan(chosen), ...warnings(wish, locking)].map(text),
    ],
    rows: judged.flatMap(({ rows }) => rows),
    stages: [
      { name: 'protect', lanes, onFailure: 'continue' },
      { name: 'record', lanes, onFailure: 'continue', always: true },
    ],
    steps: acted.flatMap(({ steps }) => steps),
    claims: acted.map(({ server }) => `server:${cloud.name}/${server.id}`),
    size: acted.length,
    votes: previewed(acted.length),
  };
}

/** Nobody has seen which servers a selection holds before its plan stands there: another person reads it, too. */
export function previewed(servers: number): NonNullable<Plan['votes']> {
  return { extra: 0, least: servers > 1 ? 1 : 0 };
}

interface Around {
  readonly wish: ProtectWish;
  readonly lease: ServerLease | null;
  readonly projects: ReadonlyMap<string, string>;
}

async function judge(server: Server, { wish, lease, projects }: Around, context: PlanContext): Promise<Judged> {
  const { cloud, by, holder } = context;
  const left = (verdict: string, weight: number, why: string): Judged => {
    return { server, steps: [], rows: [{ key: `flag:${server.id}`, verdict, weight, label: labelOf(server), why }] };
  };
  if (['SOFT_DELETED', 'DELETED'].includes(server.status)) return left('skip', 0, `${server.status} already`);
  if (isAnothers(wish, lease, by.human)) return left('left alone', 0, `${leaseWords(lease)}; --reason takes it over`);
  const held = await holder(`server:${cloud.name}/${server.id}`);
  if (held !== null) return left('blocked', 9, `held by ${held}`);
  const row = await rowOf(server, context);
  if (row === null) return left('skip', 0, 'no living row in any cell: it is being deleted, or not placed yet');
  if (typeof row === 'string') return left('blocked', 9, row);
  const seen = { server, row, lease, projects };
  const wanted = wantedOf(wish, lease, context);
  const rows = [flagRow(seen, by.human), ...(wanted.lock ? [await lockRow(seen, context)] : [])];
  return { server, rows: rows.map((one) => ({ ...one, label: labelOf(server) })), steps: protectSteps(server, wanted) };
}

/** Why it could not be read, where it could not. */
async function rowOf({ id }: Server, { cloud: { databases } }: PlanContext) {
  try {
    return await databases.instance(id);
  } catch (error) {
    if (error instanceof UserError || error instanceof OpenStackError) return error.message;
    throw error;
  }
}

/** Names repeat, above all in a project. */
export function labelOf({ id, name }: { readonly id: string; readonly name: string }): string {
  return `${name} (${id.slice(0, 8)})`;
}

function fieldsOf(
  judged: readonly Judged[],
  { wish, projects }: Pick<Around, 'wish' | 'projects'>,
  context: PlanContext,
): [string, string][] {
  const { text: reason, until } = wantedOf(wish, null, context);
  const owners = tally(judged.map(({ server: { project } }) => projects.get(project) ?? project));
  const end = until === null ? 'without end' : `until ${moment(until)} (told then, not undone)`;
  return [
    ['servers', tally(judged.map(({ rows: [row] }) => row?.verdict ?? ''))],
    ['owners', owners],
    ['afterwards', `${context.by.human}: ${reason}; ${end}; a renewed one keeps what is not said`],
  ];
}

export function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return list(
    sorted.map(([word, number]) => `${number} ${word}`),
    8,
  );
}

function nothing({ servers, words, unseen }: Chosen, judged: readonly Judged[]): string {
  const lost = unseen.length === 0 ? '' : `; a cell does not answer (${list(unseen)}), so there may be more`;
  if (servers.length === 0) return `${words} has no server${lost}`;
  const [first] = judged;
  const why = first?.rows[0]?.why ?? '';
  return `none of the ${count(servers.length, 'server')} of ${words} can be protected: ${first?.server.name ?? ''}: ${why}${lost}`;
}
