import type { Lease } from '../command/lease.ts';
import { serverLease } from '../command/protection.ts';
import { count } from '../command/words.ts';

/** `the protection of server db-1 (6f1c0b3e-…)`, `the protection of 12 servers`. */
export function held(leases: readonly Lease[]): string {
  const [lease] = leases;
  if (lease === undefined) return 'nothing';
  if (lease.kind === 'host') return `the disabling of host ${lease.subject}`;
  return `the protection of ${leases.length === 1 ? `server ${nameOf(lease)}` : count(leases.length, 'server')}`;
}

export function nameOf(lease: Lease): string {
  const name = serverLease(lease)?.detail.name;
  return name === undefined ? lease.subject : `${name} (${lease.subject})`;
}
