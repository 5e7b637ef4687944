import { badRequest, conflict, notFound } from '../fault.ts';
import { answers, isUp, lastSeen, services, zoneOf } from '../hosts.ts';
import type { Answer } from '../http.ts';
import { beyondBmp, type Fields, stamp } from '../json.ts';
import type { Host, Service, World } from '../world.ts';
import { flag, knownQuery, oneOf, onlyKeys, required, shortText } from './checks.ts';
import { bodyFields, type NovaContext, requireAdmin } from './context.ts';
import { cellError, dbError } from './db-error.ts';

export function listServices(context: NovaContext): Answer {
  requireAdmin(context, 'os-services:list');
  knownQuery(context, ['host', 'binary']);
  const { query } = context.request;
  const host = query.get('host');
  const binary = query.get('binary');
  const found = services(context.world)
    .filter((service) => (host === null || service.host === host) && (binary === null || service.binary === binary))
    .sort((a, b) => a.id - b.id);
  return { status: 200, body: { services: found.flatMap((service) => listedView(context, service)) } };
}

/** Of a cell that is down the API database knows which hosts are there, and from 2.69 says so. */
function listedView(context: NovaContext, service: Service): unknown[] {
  if (!isLost(context.world, service)) return [serviceView(context, service)];
  const { binary, host } = service;
  return context.minor >= 69 && binary === 'nova-compute' ? [{ binary, host, status: 'UNKNOWN' }] : [];
}

function isLost(world: World, { host, binary }: Service): boolean {
  const home = binary === 'nova-compute' ? world.hosts.get(host)?.cell : world.cells[1];
  return home !== undefined && world.cellsDown.has(home);
}

function serviceView({ world, minor }: NovaContext, service: Service): unknown {
  const seen = lastSeen(world, service);
  return {
    binary: service.binary,
    host: service.host,
    id: minor >= 53 ? service.uuid : service.id,
    zone: service.binary === 'nova-compute' ? zoneOf(world, service.host) : 'internal',
    status: service.disabled ? 'disabled' : 'enabled',
    state: isUp(world, service) ? 'up' : 'down',
    updated_at: stamp(new Date(Math.max(service.updated.getTime(), seen.getTime()))),
    disabled_reason: service.disabledReason,
    ...(minor >= 11 ? { forced_down: service.forcedDown } : {}),
  };
}

/** PUT os-services/UUID, from 2.53. */
export async function updateService(context: NovaContext): Promise<Answer> {
  requireAdmin(context, 'os-services:update');
  const { world, params } = context;
  const body = bodyFields(context);
  onlyKeys(null, body, ['status', 'disabled_reason', 'forced_down']);
  const reason = shortText('disabled_reason', body['disabled_reason']);
  const { status } = body;
  if (status !== undefined) oneOf('status', status, ['enabled', 'disabled']);
  const forced = flag('forced_down', body['forced_down']);
  if (reason !== undefined && status === 'enabled') {
    throw badRequest("Specifying 'disabled_reason' with status 'enabled' is invalid.");
  }
  if (status === undefined && forced === undefined) {
    throw badRequest("No updates were requested. Fields 'status' or 'forced_down' should be specified.");
  }
  const service = serviceOf(context, params['id'] ?? '');
  if (service.binary !== 'nova-compute') {
    throw badRequest(
      `Updating a ${service.binary} service is not supported. Only nova-compute services can be updated.`,
    );
  }
  if (forced === false) refuseForceUp(world, service);
  if (status === 'enabled' || status === 'disabled')
    await setDisabled(world, service, status === 'disabled', reason ?? null);
  if (forced !== undefined) service.forcedDown = forced;
  save(world, service);
  return { status: 200, body: { service: serviceView(context, service) } };
}

/** Evacuated guests still lie on the host until nova-compute has come back and cleaned up. */
function refuseForceUp(world: World, service: Service): void {
  const left = world.migrations.some(
    ({ type, source, status }) => type === 'evacuation' && source === service.host && status === 'done',
  );
  if (!left) return;
  throw badRequest(
    `Unable to force up host ${service.host} as \`done\` evacuation migration records remain associated with the host. ` +
      'Ensure the compute service has been restarted, allowing these records to move to `completed` before retrying this request.',
  );
}

/** Written at once; then nova-compute is told, and a host that hangs is waited for until the call gives up. */
async function setDisabled(world: World, service: Service, disabled: boolean, reason: string | null): Promise<void> {
  if (reason !== null && beyondBmp(reason)) throw dbError();
  const known = world.hosts.get(service.host);
  service.disabled = disabled;
  service.disabledReason = disabled ? reason : null;
  service.updated = world.now();
  if (!known || !isUp(world, service)) return;
  if (await answers(world, known, world.settings.rpcTimeoutSeconds)) setTrait(known, disabled);
}

function setTrait(host: Host, disabled: boolean): void {
  if (host.traitDisabled !== disabled) host.generation += 1;
  host.traitDisabled = disabled;
}

function serviceOf(context: NovaContext, id: string, missing = 'could not be found'): Service {
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(id)) throw badRequest(`Invalid uuid ${id}`);
  const service = services(context.world).find(({ uuid }) => uuid === id);
  if (!service) throw notFound(`Service ${id} ${missing}.`);
  if (isLost(context.world, service)) throw cellError();
  return service;
}

function save(world: World, service: Service): void {
  const cell = world.hosts.get(service.host)?.cell ?? world.cell0;
  world.tables.service(service, cell, lastSeen(world, service));
}

const OLD_VERBS = ['enable', 'disable', 'disable-log-reason', 'force-down'];

/** PUT os-services/disable and its like, before 2.53. */
export async function updateServiceOld(context: NovaContext): Promise<Answer> {
  const { world, params, minor } = context;
  const body = bodyFields(context);
  const verb = params['id'] ?? '';
  onlyKeys(null, body, ['host', 'binary', 'disabled_reason', ...(minor < 11 ? [] : ['forced_down'])]);
  required(null, body, ['host', 'binary']);
  requireAdmin(context, 'os-services:update');
  if (!OLD_VERBS.includes(verb) || (verb === 'force-down' && minor < 11)) throw notFound('Unknown action');
  const reason = shortText('disabled_reason', body['disabled_reason']);
  if (verb === 'disable-log-reason' && reason === undefined) throw badRequest('Missing disabled reason field');
  const service = namedService(world, body);
  const { host, binary } = service;
  const done = verb === 'force-down' ? forceDown(world, service, body) : await switchOld(world, service, verb, reason);
  save(world, service);
  return { status: 200, body: { service: { host, binary, ...done } } };
}

function forceDown(world: World, service: Service, body: Fields): Fields {
  const forced = flag('forced_down', body['forced_down']) ?? false;
  if (!forced) refuseForceUp(world, service);
  service.forcedDown = forced;
  return { forced_down: forced };
}

async function switchOld(world: World, service: Service, verb: string, reason: string | undefined): Promise<Fields> {
  const given = verb === 'disable-log-reason' ? reason : undefined;
  await setDisabled(world, service, verb !== 'enable', given ?? null);
  const status = verb === 'enable' ? 'enabled' : 'disabled';
  return given === undefined ? { status } : { status, disabled_reason: given };
}

function namedService(world: World, body: Fields): Service {
  const { host, binary } = body;
  const service = services(world).find((each) => each.host === host && each.binary === binary);
  if (service && isLost(world, service)) throw cellError();
  if (service) return service;
  throw notFound(`Host '${host}' is not mapped to any cell`);
}

export function deleteService(context: NovaContext): Answer {
  requireAdmin(context, 'os-services:delete');
  const { world, params, minor } = context;
  const id = params['id'] ?? '';
  const service =
    minor >= 53 ? serviceOf(context, id, 'not found') : services(world).find((each) => String(each.id) === id);
  if (!service) throw notFound(`Service ${id} not found.`);
  const host = world.hosts.get(service.host);
  if (host && service.binary === 'nova-compute') removeHost(world, host);
  else world.controllers.splice(world.controllers.indexOf(service), 1);
  return { status: 204 };
}

function removeHost(world: World, host: Host): void {
  if (host.servers.size > 0) {
    throw conflict(
      'Unable to delete compute service that is hosting instances. Migrate or delete the instances first.',
    );
  }
  const busy = world.migrations.some(
    ({ status, source, dest }) => (source === host.name || dest === host.name) && !OVER.has(status),
  );
  if (busy) {
    throw conflict(
      'Unable to delete compute service that has in-progress migrations. Complete the migrations or delete the instances first.',
    );
  }
  world.hosts.delete(host.name);
  for (const aggregate of world.aggregates) aggregate.hosts = aggregate.hosts.filter((name) => name !== host.name);
  world.tables.removeHost(host);
}

const OVER = new Set(['accepted', 'confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done']);
