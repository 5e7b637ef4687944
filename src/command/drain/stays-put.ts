import type { CloudReader } from '../../openstack/cloud.ts';
import type { ServerId } from '../../openstack/names.ts';
import type { LeaseReader } from '../lease.ts';
import { type Protection, protectionOf } from '../protection.ts';

interface Parts {
  readonly cloud: CloudReader;
  readonly leases: LeaseReader;
}

/** What protects a server, or null where nothing does. */
export async function protectionIn(server: ServerId, { cloud, leases }: Parts): Promise<Protection | null> {
  const protection = await protectionOf(leases, cloud.databases, server);
  return protection.lease !== null || protection.flag === true ? protection : null;
}

/** Why a protection keeps this server where it is, read when its turn comes: it may be newer than the plan. */
export async function staysPut(server: ServerId, parts: Parts): Promise<string | null> {
  const protection = await protectionIn(server, parts);
  return protection?.staysPut === true ? protection.words : null;
}
