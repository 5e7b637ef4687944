import { UserError } from '../../chat/user-error.ts';
import type { CloudReader, InstanceRow, Server } from '../../openstack/cloud.ts';
import { unsendable } from '../../openstack/names.ts';
import type { PlanContext } from '../command.ts';
import type { PlannedStep, PlanRow } from '../plan.ts';
import { isOurLock, leaseWords, type ServerLease } from '../protection.ts';

/** What is asked for every server of the plan. */
export interface ProtectWish {
  readonly reason: string | undefined;
  readonly until: Date | null;
  readonly lock: boolean;
  readonly move: boolean;
}

export interface Seen {
  readonly server: Server;
  readonly row: InstanceRow;
  readonly lease: ServerLease | null;
  readonly projects: ReadonlyMap<string, string>;
}

/** What will stand afterwards: what was asked for, and where it was not said, what stands now. */
export interface Wanted {
  readonly text: string;
  readonly until: Date | null;
  readonly lock: boolean;
  readonly move: boolean;
}

export type ProtectStep = PlannedStep & { step: 'flag' | 'lock' | 'record' };

export function wantedOf(wish: ProtectWish, lease: ServerLease | null, { now, leaseMs }: PlanContext): Wanted {
  const former = lease?.until && lease.until > now ? lease.until : null;
  const usual = leaseMs('server');
  return {
    text: wish.reason ?? lease?.reason ?? 'no reason given',
    until: wish.until ?? former ?? (usual === null ? null : new Date(now.getTime() + usual)),
    lock: wish.lock,
    move: wish.move || (lease?.detail.move ?? false),
  };
}

/** It is protected by another person, and nothing was said why it should be taken over. */
export function isAnothers({ reason }: ProtectWish, lease: ServerLease | null, human: string): lease is ServerLease {
  return lease !== null && lease.owner !== human && reason === undefined;
}

export function flagRow({ server, row, lease }: Seen, human: string): PlanRow {
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

export async function lockRow(seen: Seen, { cloud, by }: PlanContext): Promise<PlanRow> {
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

/** Flag and lock of one server take turns; the record comes last, when it is known what was done. */
export function protectSteps({ id, name, project }: Server, wanted: Wanted): ProtectStep[] {
  const { text: reason, until, lock, move } = wanted;
  const input = { server: id, name, project, text: reason, until: until?.toISOString() ?? null, move };
  const act = { stage: 'protect', turn: id };
  return [
    { ...act, key: `flag:${id}`, step: 'flag', input: { server: id }, label: `set disable_terminate of ${name}` },
    ...(lock
      ? [
          {
            ...act,
            key: `lock:${id}`,
            step: 'lock' as const,
            input: { server: id, text: reason },
            label: `lock ${name}`,
          },
        ]
      : []),
    {
      key: `record:${id}`,
      step: 'record',
      input,
      stage: 'record',
      label: `record who protects ${name}, why and until when`,
    },
  ];
}
