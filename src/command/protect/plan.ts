import { text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { CloudReader, InstanceRow, Server } from '../../openstack/cloud.ts';
import { unsendable } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import type { Plan, PlanDraft, PlannedStep } from '../plan.ts';
import { isOurLock, leaseWords, type ServerLease, serverLease } from '../protection.ts';
import { resolveServer } from '../resolve.ts';
import { moment } from '../words.ts';
import { projectNames } from './projects.ts';

export interface ProtectWish {
  readonly server: string;
  readonly reason: string | undefined;
  readonly until: Date | null;
  readonly lock: boolean;
  readonly move: boolean;
}

interface Seen {
  readonly server: Server;
  readonly row: InstanceRow;
  readonly lease: ServerLease | null;
  readonly projects: ReadonlyMap<string, string>;
}

/** What will stand afterwards: what was asked for, and where it was not said, what stands now. */
interface Wanted {
  readonly text: string;
  readonly until: Date | null;
  readonly lock: boolean;
  readonly move: boolean;
}

type Draft = PlanDraft & { steps: (PlannedStep & { step: 'flag' | 'lock' | 'record' })[] };

export async function protectPlan(wish: ProtectWish, context: PlanContext): Promise<Draft> {
  const seen = await look(wish, context);
  const wanted = wantedOf(wish, seen.lease, context);
  const { server } = seen;
  const locking = wanted.lock ? await lockRow(seen, context) : null;
  return {
    title: `protect ${server.name}`,
    blocks: [facts(seen, wanted, context.by.human), ...warnings(wanted, locking !== null && locking.weight > 0)],
    rows: [flagRow(seen, context.by.human), ...(locking === null ? [] : [locking])],
    stages: [{ name: 'protect' }, { name: 'record', always: true }],
    steps: steps(server, wanted),
    claims: [`server:${context.cloud.name}/${server.id}`],
  };
}

async function look({ server: reference }: ProtectWish, { cloud, leases }: PlanContext): Promise<Seen> {
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

function wantedOf(wish: ProtectWish, lease: ServerLease | null, { by, now, leaseMs }: PlanContext): Wanted {
  if (lease !== null && lease.owner !== by.human && wish.reason === undefined) {
    throw new UserError(
      `it is ${leaseWords(lease)}. To take it over, say it again with --reason; to end it, unprotect ${lease.subject}`,
    );
  }
  const former = lease?.until && lease.until > now ? lease.until : null;
  const usual = leaseMs('server');
  return {
    text: wish.reason ?? lease?.reason ?? 'no reason given',
    until: wish.until ?? former ?? (usual === null ? null : new Date(now.getTime() + usual)),
    lock: wish.lock,
    move: wish.move || (lease?.detail.move ?? false),
  };
}

function flagRow({ server, row, lease }: Seen, human: string): Plan['rows'][number] {
  const key = `flag:${server.id}`;
  const label = server.name;
  if (lease !== null && lease.owner !== human)
    return { key, verdict: 'take over', weight: 2, label, why: `now ${leaseWords(lease)}` };
  if (lease !== null)
    return {
      key,
      verdict: 'renew',
      weight: 1,
      label,
      why: row.disableTerminate ? 'the flag is set' : 'the flag is off: set again',
    };
  if (row.disableTerminate)
    return { key, verdict: 'record', weight: 1, label, why: 'the flag was set by another hand and stays' };
  return { key, verdict: 'protect', weight: 1, label, why: 'disable_terminate is set in its cell' };
}

async function lockRow(seen: Seen, { cloud, by }: PlanContext): Promise<Plan['rows'][number]> {
  const { server, lease } = seen;
  const key = `lock:${server.id}`;
  const label = server.name;
  if (server.locked === true) {
    const whose = isOurLock(server, lease) ? 'by vigie' : `by another hand: ${server.lockedReason ?? 'no reason'}`;
    return {
      key,
      verdict: 'stays locked',
      weight: 0,
      label,
      why: `locked ${whose}; that lock and its reason are kept`,
    };
  }
  const problem = unsendable(by.human);
  if (problem !== null) throw new UserError(`the lock's reason would name ${by.human}: ${problem}`);
  return { key, verdict: 'lock', weight: 2, label, why: await lockWords(seen, cloud) };
}

async function lockWords({ server, projects }: Seen, cloud: CloudReader): Promise<string> {
  const { computeVersion, project } = await cloud.about();
  const { major, minor } = computeVersion;
  if (major < 2 || (major === 2 && minor < 73)) {
    throw new UserError(
      `${cloud.name} speaks ${major}.${minor} and keeps no reason with a lock (2.73 does): vigie could not tell its own lock from another's. Leave --lock out`,
    );
  }
  if (projects.get(server.project) === project)
    return 'vigie works in the same project, so its owner can undo the lock';
  return 'its owner can then not stop, reboot, resize or delete it';
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

function warnings(wanted: Wanted, locking: boolean): Plan['blocks'] {
  return [
    'A delete will still be answered with success (204) and do nothing: Heat, Terraform and the like wait until they time out. Tell the owner.',
    'It does not stop: rebuild (the disk is wiped), resize, stop, shelve, deletion of its volumes.',
    ...(locking
      ? ['With --lock its owner can no longer stop, reboot, resize or rebuild it; administrators still can.']
      : []),
    ...(wanted.move ? ['With --move no command of vigie moves it: a drain of its host shows it as blocked.'] : []),
  ].map(text);
}

function steps({ id, name, project }: Server, wanted: Wanted): Draft['steps'] {
  const { text: reason, until, lock, move } = wanted;
  const input = { server: id, name, project, text: reason, until: until?.toISOString() ?? null, move };
  return [
    {
      key: `flag:${id}`,
      step: 'flag',
      input: { server: id },
      stage: 'protect',
      label: `set disable_terminate of ${name}`,
    },
    ...(lock
      ? [
          {
            key: `lock:${id}`,
            step: 'lock' as const,
            input: { server: id, text: reason },
            stage: 'protect',
            label: `lock ${name}`,
          },
        ]
      : []),
    { key: `record:${id}`, step: 'record', input, stage: 'record', label: 'record who, why and until when' },
  ];
}
