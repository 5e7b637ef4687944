import type { CloudReader } from '../../openstack/cloud.ts';
import type { ServerId } from '../../openstack/names.ts';
import type { StepContext } from '../command.ts';
import type { LeaseReader } from '../lease.ts';

export interface Protection {
  readonly staysPut: boolean;
  readonly words: string;
}

/** What protects a server, or null. */
export async function protectionIn(
  _server: ServerId,
  _parts: { cloud: CloudReader; leases: LeaseReader },
): Promise<Protection | null> {
  return null;
}

/** Why a protection keeps this server where it is, read when its turn comes: it may be newer than the plan. */
export async function staysPut(
  server: ServerId,
  context: Pick<StepContext, 'cloud' | 'leases'>,
): Promise<string | null> {
  const protection = await protectionIn(server, context);
  return protection?.staysPut === true ? protection.words : null;
}
