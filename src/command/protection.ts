import { z } from 'zod';
import { UserError } from '../chat/user-error.ts';
import type { DatabasesReader } from '../openstack/cloud.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { ServerId } from '../openstack/names.ts';
import type { Lease, LeaseReader } from './lease.ts';
import { moment } from './words.ts';

/** What `--lock` found and did; `ours` is the reason vigie wrote, null where another lock was there and was kept. */
export const LockRecord = z.object({
  ours: z.string().nullable(),
  before: z.boolean(),
  reasonBefore: z.string().nullable(),
});
export type LockRecord = z.output<typeof LockRecord>;

/** What vigie keeps about a server it protects, so that it can be put back as it was. */
export const ProtectionDetail = z.object({
  name: z.string(),
  project: z.string(),
  flagBefore: z.boolean(),
  /** Null without `--lock`. */
  lock: LockRecord.nullable(),
  /** `--move`: no command of vigie moves the server. */
  move: z.boolean(),
});
export type ProtectionDetail = z.output<typeof ProtectionDetail>;
export type ServerLease = Omit<Lease, 'detail'> & { readonly detail: ProtectionDetail };

/** Null where there is none, or where it was written by a version that this one cannot read. */
export function serverLease(lease: Lease | null): ServerLease | null {
  const detail = ProtectionDetail.safeParse(lease?.detail);
  return lease !== null && detail.success ? { ...lease, detail: detail.data } : null;
}

export interface Protection {
  /** `disable_terminate` in the server's cell; null where it could not be read. */
  readonly flag: boolean | null;
  readonly lease: ServerLease | null;
  /** It may not be moved. */
  readonly staysPut: boolean;
  /** One line for people: who protects it, until when, why; also what could not be read. */
  readonly words: string;
}

/** How a server is protected, for every command that would touch it. */
export async function protectionOf(leases: LeaseReader, databases: DatabasesReader, id: ServerId): Promise<Protection> {
  const lease = serverLease(await leases.find('server', id));
  const { flag, why } = await flagOf(databases, id);
  return { flag, lease, staysPut: lease?.detail.move ?? false, words: protectionWords(lease, flag, why) };
}

/** `protected by alice until 2026-11-25 22:00 UTC (db master)`. */
export function leaseWords({ owner, until, reason, detail }: ServerLease): string {
  const end = until === null ? '' : ` until ${moment(until)}`;
  return `protected by ${owner}${end} (${reason})${detail.move ? ', stays on its host' : ''}`;
}

/** Whether this lock is the one that the lease says vigie made. */
export function isOurLock(
  server: { locked: boolean | null; lockedReason: string | null },
  lease: ServerLease | null,
): boolean {
  const ours = lease?.detail.lock?.ours ?? null;
  return ours !== null && server.locked === true && server.lockedReason === ours;
}

async function flagOf(databases: DatabasesReader, id: ServerId): Promise<{ flag: boolean | null; why: string | null }> {
  try {
    const row = await databases.instance(id);
    return row === null ? { flag: null, why: 'its row was not found' } : { flag: row.disableTerminate, why: null };
  } catch (error) {
    if (error instanceof UserError || error instanceof OpenStackError) return { flag: null, why: error.message };
    throw error;
  }
}

function protectionWords(lease: ServerLease | null, flag: boolean | null, why: string | null): string {
  const unread = why === null ? '' : `; its flag is unknown: ${why}`;
  if (lease !== null) return `${leaseWords(lease)}${flag === false ? '; but its flag is off' : unread}`;
  return flag === true
    ? 'protected by another hand (disable_terminate is set, no record of vigie)'
    : `not protected${unread}`;
}
