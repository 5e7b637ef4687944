import type { InstanceRow, Server } from '../../openstack/cloud.ts';
import type { ServerId } from '../../openstack/names.ts';
import type { PlannedStep, PlanRow } from '../plan.ts';
import { isOurLock, leaseWords, type ServerLease } from '../protection.ts';

export interface UnprotectWish {
  readonly adopt: boolean;
  /** Why, where it is not the speaker's own. */
  readonly reason: string | undefined;
}

export interface Seen {
  readonly id: ServerId;
  readonly name: string;
  /** Null once it is deleted. */
  readonly server: Server | null;
  readonly row: InstanceRow | null;
  readonly lease: ServerLease | null;
}

export type UnprotectStep = PlannedStep & { step: 'unlock' | 'unflag' | 'forget' };

/** What is put back of one server, lock first and the record last. */
export function undoing(seen: Seen, wish: Pick<UnprotectWish, 'adopt'>): { rows: PlanRow[]; steps: UnprotectStep[] } {
  const { id, name } = seen;
  const rows = [lockRow(seen), flagRow(seen, wish), recordRow(seen)].filter((row) => row !== null);
  const acts = new Set(rows.filter(({ weight }) => weight > 0).map(({ key }) => key.split(':')[0]));
  const ours = seen.lease?.detail.lock?.ours ?? '';
  const act = { stage: 'unprotect', turn: id };
  const all: UnprotectStep[] = [
    { ...act, key: `unlock:${id}`, step: 'unlock', input: { server: id, reason: ours }, label: `unlock ${name}` },
    { ...act, key: `unflag:${id}`, step: 'unflag', input: { server: id }, label: `clear disable_terminate of ${name}` },
    { key: `forget:${id}`, step: 'forget', input: { server: id }, stage: 'record', label: `end the record of ${name}` },
  ];
  return { rows, steps: all.filter(({ key }) => acts.has(key.split(':')[0])) };
}

/** Whose it is, where it is not the speaker's; a flag that nobody is known to have set is another hand's. */
export function anotherHand(
  { lease, name }: Seen,
  { adopt }: Pick<UnprotectWish, 'adopt'>,
  human: string,
): string | null {
  if (lease === null) return `nobody is known who protected ${name}`;
  if (lease.owner !== human) return `${lease.owner} protects ${name}`;
  return adopt && lease.detail.flagBefore ? `the flag of ${name} was set by another hand before` : null;
}

/** Taking off another's guard is not one person's whim: it has a reason, or a second person. */
export function needsConsent(others: readonly string[], { reason }: Pick<UnprotectWish, 'reason'>): boolean {
  return others.length > 0 && reason === undefined;
}

function flagRow({ id, name, row, lease, server }: Seen, { adopt }: Pick<UnprotectWish, 'adopt'>): PlanRow | null {
  const one = { key: `unflag:${id}`, label: name };
  if (server === null || row === null) return null;
  if (!row.disableTerminate)
    return { ...one, verdict: 'off already', weight: 0, why: 'the flag was cleared by another hand' };
  if (lease?.detail.flagBefore === true && !adopt) {
    return {
      ...one,
      verdict: 'flag stays',
      weight: 0,
      why: `it was set before vigie came; \`unprotect ${id} --adopt\` clears it too`,
    };
  }
  return { ...one, verdict: 'clear the flag', weight: 2, why: 'whoever may delete it can do so again' };
}

function lockRow({ id, name, server, lease }: Seen): PlanRow | null {
  const one = { key: `unlock:${id}`, label: name };
  if (server === null || lease?.detail.lock?.ours == null) return null;
  if (isOurLock(server, lease)) return { ...one, verdict: 'unlock', weight: 1, why: 'the lock is vigie’s own' };
  const why =
    server.locked === true
      ? `it is locked with another reason now: ${server.lockedReason ?? 'none'}`
      : 'it is not locked any more';
  return { ...one, verdict: 'lock left alone', weight: 0, why };
}

function recordRow({ id, name, lease, server }: Seen): PlanRow | null {
  if (lease === null) return null;
  return {
    key: `forget:${id}`,
    label: name,
    verdict: 'end the record',
    weight: 1,
    why: server === null ? 'the server is gone' : leaseWords(lease),
  };
}
