import { text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { ServerId } from '../../openstack/names.ts';
import { JobId } from '../args.ts';
import type { PlanContext } from '../command.ts';
import { serverOrNull } from '../drain/look.ts';
import { inBatches } from '../drain/server-facts.ts';
import type { PlanDraft, PlanRow } from '../plan.ts';
import { type ServerLease, serverLease } from '../protection.ts';
import { resolveProject } from '../resolve.ts';
import { count, list } from '../words.ts';
import { labelOf, lanes, previewed, tally } from './plan-many.ts';
import { chosenServers, type Selection } from './selection.ts';
import { anotherHand, needsConsent, type UnprotectStep, type UnprotectWish, undoing } from './undoing.ts';

type Kind = Exclude<Selection['kind'], 'server'>;

interface Judged {
  readonly id: ServerId;
  readonly rows: readonly PlanRow[];
  readonly steps: readonly UnprotectStep[];
  readonly another: string | null;
}

/** Ends what vigie recorded of many servers; a flag that it has no record of is nobody's to sweep away. */
export async function unprotectMany(
  kind: Kind,
  name: string,
  wish: UnprotectWish,
  context: PlanContext,
): Promise<PlanDraft & { steps: UnprotectStep[] }> {
  const { words, leases } = await recorded(kind, name, context);
  if (leases.length === 0)
    throw new UserError(`vigie protects no server of ${words}: protected lists those that it does`);
  const judged = await inBatches(leases, (lease) => judge(lease, wish, context));
  const acted = judged.filter(({ steps }) => steps.length > 0);
  const others = acted.flatMap(({ another }) => another ?? []);
  const votes = previewed(acted.length);
  return {
    title: `unprotect ${count(acted.length, 'server')} of ${words}`,
    blocks: [
      { kind: 'fields', fields: [['protected by', tally(leases.map(({ owner }) => owner))]] },
      ...consent(others, wish).map(text),
    ],
    rows: judged.flatMap(({ rows }) => rows),
    stages: [
      { name: 'unprotect', lanes, onFailure: 'continue' },
      { name: 'record', lanes, onFailure: 'continue' },
    ],
    steps: acted.flatMap(({ steps }) => steps),
    claims: acted.map(({ id }) => `server:${context.cloud.name}/${id}`),
    size: Math.max(1, acted.length),
    votes: needsConsent(others, wish) ? { ...votes, least: 1 } : votes,
  };
}

/** What is said of a guard that is another's. */
export function consent(others: readonly string[], wish: Pick<UnprotectWish, 'reason'>): string[] {
  if (others.length === 0) return [];
  const whose = `Not yours: ${list(others, 3)}.`;
  return needsConsent(others, wish)
    ? [`${whose} So another person must agree; with --reason it is done at once.`]
    : [`${whose} Because: ${wish.reason ?? ''}`];
}

async function recorded(kind: Kind, name: string, { cloud, leases }: PlanContext) {
  const all = (await leases.list('server')).map(serverLease).filter((lease) => lease !== null);
  if (kind === 'job') {
    const id = JobId.safeParse(name).data;
    return { words: `job ${name}`, leases: all.filter(({ job }) => job === id) };
  }
  if (kind === 'project') {
    const project = await resolveProject(cloud, name);
    return { words: `project ${project.name}`, leases: all.filter(({ detail }) => detail.project === project.id) };
  }
  const { words, servers, missing } = await chosenServers(kind, name, cloud);
  const ids = new Set<string>([...servers.map(({ id }) => id), ...missing]);
  return { words, leases: all.filter(({ subject }) => ids.has(subject)) };
}

async function judge(lease: ServerLease, wish: UnprotectWish, context: PlanContext): Promise<Judged> {
  const { cloud, by, holder } = context;
  const id = ServerId.parse(lease.subject);
  const label = labelOf({ id, name: lease.detail.name });
  const blocked = (why: string): Judged => {
    return { id, steps: [], another: null, rows: [{ key: `unflag:${id}`, verdict: 'blocked', weight: 9, label, why }] };
  };
  const held = await holder(`server:${cloud.name}/${id}`);
  if (held !== null) return blocked(`held by ${held}`);
  try {
    const server = await serverOrNull(cloud, id);
    const row = server === null ? null : await cloud.databases.instance(id);
    const seen = { id, name: server?.name ?? lease.detail.name, server, row, lease };
    const { rows, steps } = undoing(seen, wish);
    return { id, steps, another: anotherHand(seen, wish, by.human), rows: rows.map((one) => ({ ...one, label })) };
  } catch (error) {
    if (error instanceof UserError || error instanceof OpenStackError) return blocked(error.message);
    throw error;
  }
}
