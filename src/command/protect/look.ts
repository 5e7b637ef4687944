import { UserError } from '../../chat/user-error.ts';
import type { CloudReader, InstanceRow, Server } from '../../openstack/cloud.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { ServerId } from '../../openstack/names.ts';
import { inBatches } from '../drain/server-facts.ts';
import type { LeaseReader } from '../lease.ts';
import { type ServerLease, serverLease } from '../protection.ts';

/** One protected server as everyone sees it: Nova, its cell's row, and vigie's record. */
export interface Protected {
  readonly id: ServerId;
  /** Null where Nova does not show it. */
  readonly server: Server | null;
  /** Nova and its database both know no such server. */
  readonly gone: boolean;
  /** Why it is not known whether Nova has it. */
  readonly unread: string | null;
  /** Null where the flag could not be read. */
  readonly flag: boolean | null;
  /** As the database has it: the name that is left where Nova shows nothing. */
  readonly row: InstanceRow | null;
  readonly lease: ServerLease | null;
}

export interface Protections {
  readonly all: readonly Protected[];
  /** Why flags could not be listed: then only what vigie recorded is known. */
  readonly unlisted: string | null;
}

/** Every record and every flag. Records are read first: what is protected meanwhile has one by the end. */
export async function readProtections(cloud: CloudReader, leases: LeaseReader): Promise<Protections> {
  const records = (await leases.list('server')).map(serverLease).filter((lease) => lease !== null);
  const flagged = await orWhy(() => cloud.databases.protectedInstances());
  const ids = new Set([...records.map(({ subject }) => subject), ...(flagged.value ?? []).map(({ id }) => id)]);
  const known = { cloud, records, flagged: flagged.value };
  const all = await inBatches([...ids].sort(), (id) => oneServer(ServerId.parse(id), known));
  return { all, unlisted: flagged.why };
}

type Known = { cloud: CloudReader; records: readonly ServerLease[]; flagged: readonly InstanceRow[] | null };

async function oneServer(id: ServerId, { cloud, records, flagged }: Known): Promise<Protected> {
  const lease = records.find(({ subject }) => subject === id) ?? null;
  const { server, why } = await shown(id, cloud);
  const listed = flagged?.find((row) => row.id === id) ?? null;
  // Not among the flagged is not yet off: its cell may be one we cannot see.
  const row = listed === null ? await orWhy(() => cloud.databases.instance(id)) : { value: listed, why: null };
  const flag = row.value?.disableTerminate ?? null;
  const absent = server === null && why === null;
  // A credential that is no longer admin is answered the same for every server of others.
  const gone = absent && row.value === null && (row.why === null || (await cloud.about()).admin);
  const hidden = absent && !gone ? 'this credential is not shown it' : null;
  return { id, server, gone, unread: why ?? hidden, flag, row: row.value, lease };
}

async function shown(id: ServerId, cloud: CloudReader): Promise<{ server: Server | null; why: string | null }> {
  try {
    return { server: await cloud.server(id), why: null };
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    return { server: null, why: error.problem === 'not-found' ? null : error.message };
  }
}

/** What could not be asked is told, not fatal: the rest is still worth seeing. */
export async function orWhy<T>(ask: () => Promise<T>): Promise<{ value: T | null; why: string | null }> {
  try {
    return { value: await ask(), why: null };
  } catch (error) {
    if (error instanceof UserError || error instanceof OpenStackError) return { value: null, why: error.message };
    throw error;
  }
}
