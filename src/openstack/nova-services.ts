import { z } from 'zod';
import type { Accepted, RequestLimits, Service } from './cloud.ts';
import { OpenStackError } from './errors.ts';
import { atLeast } from './microversion.ts';
import { HostName } from './names.ts';
import type { Session } from './session.ts';
import { Moment, read, Text } from './wire.ts';

/** From 2.69 the services of a cell that is down are listed, as UNKNOWN. */
const known = '2.69';

const Id = z.union([z.string(), z.number()]).transform(String);

/** A service of a cell that is down is only `{binary, host, status: UNKNOWN}`; before Havana services have no id. */
const NovaService = z
  .looseObject({
    id: Id.optional(),
    host: z.string(),
    binary: z.string(),
    zone: Text,
    status: z.string(),
    state: z.string().optional(),
    disabled_reason: Text,
    forced_down: z.boolean().optional(),
    updated_at: Moment,
  })
  .transform((wire) => ({ ...wire, name: HostName.safeParse(wire.host).data }));

export interface ServiceFilter {
  readonly host?: HostName;
  readonly binary?: string;
}

export async function listServices(session: Session, cloud: string, filter: ServiceFilter): Promise<Service[]> {
  const version = await session.speaks('compute', known);
  const { body } = await session.ask('compute', {
    path: '/os-services',
    query: { host: filter.host, binary: filter.binary },
    version,
  });
  const { services } = read(z.object({ services: z.array(NovaService) }), body, cloud, 'GET compute /os-services');
  return services.flatMap(({ name, ...wire }) => {
    const wanted =
      name !== undefined &&
      (filter.host === undefined || name === filter.host) &&
      (filter.binary === undefined || wire.binary === filter.binary);
    return wanted ? [toService(name, wire)] : [];
  });
}

export async function computeService(session: Session, cloud: string, host: HostName): Promise<Service | null> {
  const [service] = await listServices(session, cloud, { host, binary: 'nova-compute' });
  return service ?? null;
}

export interface StatusChange {
  readonly host: HostName;
  readonly status: 'enabled' | 'disabled';
  /** Disabling without a reason would erase the one that is there. */
  readonly reason: string | null;
}

export async function setServiceStatus(
  session: Session,
  cloud: string,
  change: StatusChange,
  limits: RequestLimits,
): Promise<Accepted> {
  const version = await session.speaks('compute', known);
  const service = await computeService(session, cloud, change.host);
  if (!service || service.status === 'unknown') throw noService(cloud, change.host, service !== null);
  const { path, body } = atLeast(version, '2.53') ? byId(service.id, change) : byName(change);
  const { requestId } = await session.ask('compute', { method: 'PUT', path, body, version, limits });
  return { requestId };
}

/** From 2.11: Nova takes the host as down at once, whatever it reports, until it is told otherwise. */
export async function forceDown(
  session: Session,
  cloud: string,
  { host, down }: { host: HostName; down: boolean },
  limits: RequestLimits,
): Promise<Accepted> {
  const version = await session.speaks('compute', known);
  const service = await computeService(session, cloud, host);
  if (!service || service.status === 'unknown') throw noService(cloud, host, service !== null);
  const byUuid = atLeast(version, '2.53');
  if (!atLeast(version, '2.11')) {
    const said = 'telling Nova that a host is down needs 2.11';
    throw new OpenStackError({ problem: 'unsupported', cloud, request: 'PUT compute /os-services/force-down', said });
  }
  const path = byUuid ? `/os-services/${service.id}` : '/os-services/force-down';
  const body = { ...(byUuid ? {} : { host, binary: 'nova-compute' }), forced_down: down };
  const { requestId } = await session.ask('compute', { method: 'PUT', path, body, version, limits });
  return { requestId };
}

/** os-hosts lives until 2.42. Only a driver that has a maintenance mode does anything: the caller knows. */
export async function setHostMaintenance(
  session: Session,
  host: HostName,
  on: boolean,
  limits: RequestLimits,
): Promise<Accepted> {
  const version = await session.speaks('compute', '2.42');
  const body = { maintenance_mode: on ? 'enable' : 'disable' };
  const { requestId } = await session.ask('compute', {
    method: 'PUT',
    path: `/os-hosts/${host}`,
    body,
    version,
    limits,
  });
  return { requestId };
}

function byId(id: string, { status, reason }: StatusChange): { path: string; body: object } {
  return { path: `/os-services/${id}`, body: { status, ...(reason !== null && { disabled_reason: reason }) } };
}

function byName({ host, status, reason }: StatusChange): { path: string; body: object } {
  const body = { host, binary: 'nova-compute' };
  if (status === 'enabled') return { path: '/os-services/enable', body };
  return reason === null
    ? { path: '/os-services/disable', body }
    : { path: '/os-services/disable-log-reason', body: { ...body, disabled_reason: reason } };
}

function toService(host: HostName, wire: Omit<z.output<typeof NovaService>, 'name'>): Service {
  return {
    id: wire.id ?? '',
    host,
    binary: wire.binary,
    zone: wire.zone,
    status: wire.status === 'enabled' || wire.status === 'disabled' ? wire.status : 'unknown',
    state: wire.state === 'up' || wire.state === 'down' ? wire.state : 'unknown',
    disabledReason: wire.disabled_reason,
    forcedDown: wire.forced_down ?? false,
    updatedAt: wire.updated_at,
  };
}

function noService(cloud: string, host: HostName, unreachable: boolean): OpenStackError {
  const said = unreachable ? `the cell of ${host} is unreachable` : `no nova-compute runs as ${host}`;
  return new OpenStackError({
    problem: unreachable ? 'unavailable' : 'not-found',
    cloud,
    request: 'PUT compute /os-services',
    said,
  });
}
