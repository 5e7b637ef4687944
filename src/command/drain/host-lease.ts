import { z } from 'zod';
import type { Service } from '../../openstack/cloud.ts';
import type { Lease } from '../lease.ts';

/** What vigie keeps about a host it disabled, so that it can be put back as it was. */
export const HostDetail = z.object({
  kind: z.enum(['drain', 'cordon']),
  before: z.object({ status: z.enum(['enabled', 'disabled']), reason: z.string().nullable() }),
  /** The reason vigie wrote on the service; null where another hand's was left standing. */
  mark: z.string().nullable(),
  drainBegan: z.coerce.date(),
  /** Neutron agents that were alive when it was closed, by binary; all of them where it was dead. */
  agents: z.array(z.string()).default([]),
  /** Why nobody knows which agents were alive then. */
  agentsUnknown: z.string().nullable().default(null),
  /** The operators' programs that go with this maintenance, by name. */
  hooks: z.array(z.string()).default([]),
  /** Where each server went. */
  moved: z.array(z.object({ server: z.string(), name: z.string(), to: z.string(), how: z.string() })),
});
export type HostDetail = z.output<typeof HostDetail>;

export type HostLease = Omit<Lease, 'detail'> & { readonly detail: HostDetail };

/** Null where there is none, or where it was written by a version that this one cannot read. */
export function hostLease(lease: Lease | null): HostLease | null {
  const detail = HostDetail.safeParse(lease?.detail);
  return lease !== null && detail.success ? { ...lease, detail: detail.data } : null;
}

const longestReason = 255;

/** The reason on the service: the job's id first, so that nobody has to guess who disabled it. */
export function markOf(job: { id: string; human: string }, text: string): string {
  const reason = `vigie ${job.id} by ${job.human}: ${text}`;
  return [...reason].slice(0, longestReason).join('');
}

/** Disabled, and by us: the reason still begins with the job that wrote it. */
export function isOurs(service: Service, lease: HostLease | null): boolean {
  const mark = lease?.detail.mark ?? null;
  if (mark === null || service.status !== 'disabled' || service.disabledReason === null) return false;
  return service.disabledReason.startsWith(`${mark.split(' ').slice(0, 2).join(' ')} `);
}

/** `disabled: broken fan`, for people. */
export function stateOf({ status, state, disabledReason }: Service): string {
  const reason = disabledReason === null || disabledReason === '' ? '' : `: ${disabledReason}`;
  return `${status}${reason}${state === 'up' ? '' : `, ${state}`}`;
}
