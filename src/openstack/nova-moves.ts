import type { Accepted, Cloud, RequestLimits } from './cloud.ts';
import { OpenStackError } from './errors.ts';
import { atLeast } from './microversion.ts';
import type { HostName, ServerId } from './names.ts';
import type { Session } from './session.ts';

type LiveMove = Parameters<Cloud['liveMigrate']>[1];

/**
 * `force` is never sent: it skips the scheduler. Below 2.30 a named host is taken without asking the scheduler anyway,
 * even a disabled one: the caller knows its hosts.
 */
export async function liveMigrate(
  session: Session,
  id: ServerId,
  { host, block }: LiveMove,
  limits: RequestLimits,
): Promise<Accepted> {
  const version = await session.speaks('compute', '2.90');
  // Old clouds cannot choose by themselves; false is right for shared storage and refused at once (400) elsewhere.
  const body = atLeast(version, '2.25')
    ? { host, block_migration: block }
    : { host, block_migration: block === 'auto' ? false : block, disk_over_commit: false };
  return act(session, id, { 'os-migrateLive': body }, { version, limits });
}

export async function coldMigrate(
  session: Session,
  cloud: string,
  id: ServerId,
  host: HostName | null,
  limits: RequestLimits,
): Promise<Accepted> {
  const version = await session.speaks('compute', '2.90');
  if (host === null) return act(session, id, { migrate: null }, { version, limits });
  if (atLeast(version, '2.56')) return act(session, id, { migrate: { host } }, { version, limits });
  // Below 2.56 Nova answers 202 and ignores the host.
  throw unsupported(cloud, `POST compute /servers/${id}/action`, 'a cold migration to a named host needs 2.56');
}

export async function confirmResize(session: Session, id: ServerId, limits: RequestLimits): Promise<Accepted> {
  return act(session, id, { confirmResize: null }, { version: await session.speaks('compute', '2.90'), limits });
}

/** From 2.65 a migration that still waits in Nova's queue can be aborted, too. */
export async function abortMigration(
  session: Session,
  cloud: string,
  id: ServerId,
  migration: number,
  limits: RequestLimits,
): Promise<Accepted> {
  const version = await session.speaks('compute', '2.90');
  const path = `/servers/${id}/migrations/${migration}`;
  if (!atLeast(version, '2.24'))
    throw unsupported(cloud, `DELETE compute ${path}`, 'aborting a live migration needs 2.24');
  const { requestId } = await session.ask('compute', { method: 'DELETE', path, version, limits });
  return { requestId };
}

/**
 * Never newer than 2.94: from 2.95 on a guest that ran would be left stopped. Answered with 200, done later. Before 2.14
 * the caller must say whether disks are shared; from there on Nova finds out by itself.
 */
export async function evacuate(
  session: Session,
  id: ServerId,
  shared: boolean,
  limits: RequestLimits,
): Promise<Accepted> {
  const version = await session.speaks('compute', '2.90');
  const body = atLeast(version, '2.14') ? {} : { onSharedStorage: shared };
  return act(session, id, { evacuate: body }, { version, limits });
}

/** Pauses the guest, or switches to post-copy, until the copy is through; only while it is `running`, from 2.22. */
export async function forceComplete(
  session: Session,
  cloud: string,
  id: ServerId,
  migration: number,
  limits: RequestLimits,
): Promise<Accepted> {
  const version = await session.speaks('compute', '2.90');
  const path = `/servers/${id}/migrations/${migration}/action`;
  if (!atLeast(version, '2.22'))
    throw unsupported(cloud, `POST compute ${path}`, 'forcing a live migration needs 2.22');
  const body = { force_complete: null };
  const { requestId } = await session.ask('compute', { method: 'POST', path, body, version, limits });
  return { requestId };
}

/** Below 2.73 Nova would answer 202 and drop the reason: it is not sent there. */
export async function lock(session: Session, id: ServerId, reason: string, limits: RequestLimits): Promise<Accepted> {
  const version = await session.speaks('compute', '2.90');
  const body = atLeast(version, '2.73') ? { lock: { locked_reason: reason } } : { lock: null };
  return act(session, id, body, { version, limits });
}

export async function unlock(session: Session, id: ServerId, limits: RequestLimits): Promise<Accepted> {
  return act(session, id, { unlock: null }, { version: await session.speaks('compute', '2.90'), limits });
}

type How = Pick<NonNullable<Parameters<Session['ask']>[1]>, 'version' | 'limits'>;

async function act(session: Session, id: ServerId, body: object, how: How): Promise<Accepted> {
  const { requestId } = await session.ask('compute', { method: 'POST', path: `/servers/${id}/action`, body, ...how });
  return { requestId };
}

function unsupported(cloud: string, request: string, said: string): OpenStackError {
  return new OpenStackError({ problem: 'unsupported', cloud, request, said });
}
