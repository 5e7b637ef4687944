import { text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { PlanContext } from '../command.ts';
import type { Plan, PlanDraft } from '../plan.ts';
import { leaseWords, serverLease } from '../protection.ts';
import { resolveServer } from '../resolve.ts';
import { moment } from '../words.ts';
import { protectMany } from './plan-many.ts';
import { projectNames } from './projects.ts';
import {
  flagRow,
  isAnothers,
  lockRow,
  type ProtectStep,
  type ProtectWish,
  protectSteps,
  type Seen,
  type Wanted,
  wantedOf,
} from './protect-rows.ts';
import type { Selection } from './selection.ts';
import { warnings } from './warnings.ts';

type Draft = PlanDraft & { steps: ProtectStep[] };

/** One server is protected at once; of several the plan is shown first, and another person says yes to exactly these. */
export async function protectPlan(selection: Selection, wish: ProtectWish, context: PlanContext): Promise<Draft> {
  if (selection.kind === 'server') return protectOne(selection.server, wish, context);
  if (selection.kind === 'job') throw new UserError('--job is for unprotect: type --project, --tag or --file');
  return protectMany(selection.kind, selection.name, wish, context);
}

async function protectOne(reference: string, wish: ProtectWish, context: PlanContext): Promise<Draft> {
  const seen = await look(reference, context);
  const { server, lease } = seen;
  const { human } = context.by;
  if (isAnothers(wish, lease, human)) {
    throw new UserError(
      `it is ${leaseWords(lease)}. To take it over, say it again with --reason; to end it, unprotect ${lease.subject}`,
    );
  }
  const wanted = wantedOf(wish, lease, context);
  const locking = wanted.lock ? await lockRow(seen, context) : null;
  return {
    title: `protect ${server.name}`,
    blocks: [facts(seen, wanted, human), ...warnings(wanted, locking !== null && locking.weight > 0).map(text)],
    rows: [flagRow(seen, human), ...(locking === null ? [] : [locking])],
    stages: [{ name: 'protect' }, { name: 'record', always: true }],
    steps: protectSteps(server, wanted),
    claims: [`server:${context.cloud.name}/${server.id}`],
  };
}

async function look(reference: string, { cloud, leases }: PlanContext): Promise<Seen> {
  const server = await resolveServer(cloud, reference);
  if (['SOFT_DELETED', 'DELETED'].includes(server.status)) {
    throw new UserError(
      `${server.name} is ${server.status} already: the flag does not stop Nova from reclaiming it. Restore it first`,
    );
  }
  const row = await cloud.databases.instance(server.id);
  if (row === null)
    throw new UserError(
      `${server.name} (${server.id}) has no living row in the cells of ${cloud.name}: is it being deleted?`,
    );
  const lease = serverLease(await leases.find('server', server.id));
  return { server, row, lease, projects: await projectNames(cloud) };
}

function facts({ server, row, lease, projects }: Seen, wanted: Wanted, human: string): Plan['blocks'][number] {
  const lock =
    server.locked === null
      ? 'unknown'
      : server.locked
        ? `locked (${server.lockedReason ?? 'no reason'})`
        : 'not locked';
  const fields: [string, string][] = [
    ['server', `${server.name}  ${server.id}  ${server.status}`],
    ['project', projects.get(server.project) ?? server.project],
    ['host', server.host ?? 'none'],
    ['flag now', row.disableTerminate ? 'set' : 'not set'],
    ['lock now', lock],
    ...(lease === null ? [] : ([['record now', leaseWords(lease)]] as [string, string][])),
    [
      'afterwards',
      `${human}: ${wanted.text}; ${wanted.until === null ? 'without end' : `until ${moment(wanted.until)} (told then, not undone)`}`,
    ],
  ];
  return { kind: 'fields', fields };
}
