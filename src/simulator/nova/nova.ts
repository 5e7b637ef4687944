import { badRequest, HttpFault, notFound, unauthorized } from '../fault.ts';
import type { Answer, Mount, Request } from '../http.ts';
import { isValid, type Token } from '../keystone/identity.ts';
import { liveToken } from '../keystone/login.ts';
import { findRoute } from '../routes.ts';
import type { World } from '../world.ts';
import type { NovaContext } from './context.ts';
import { routes } from './table.ts';

const PREFIX = '/compute';

const FAULTS: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

export function nova(world: World): Mount {
  return { prefix: PREFIX, handle: (request) => answer(world, request) };
}

async function answer(world: World, request: Request): Promise<Answer> {
  const requestId = `req-${world.chance.uuid()}`;
  const ids = { 'x-openstack-request-id': requestId, 'x-compute-request-id': requestId };
  const top = versionDocument(world, request);
  if (top) return { ...top, headers: ids };

  const token = await authenticate(world, request);
  if (!token) return unauthenticated(request, ids);
  let headers: Record<string, string> = ids;
  try {
    const { minor, shown } = microversion(world, request);
    headers = shown ? { ...ids, ...versionHeaders(minor) } : ids;
    const given = await run(world, request, token, minor, requestId);
    if (request.method !== 'GET') await world.tables.settled();
    return { ...given, headers: { ...headers, ...given.headers } };
  } catch (error) {
    return { ...fault(error), headers };
  }
}

function run(world: World, request: Request, token: Token, minor: number, requestId: string): Promise<Answer> {
  const path = request.path.replace(/^\/v2(\.1)?(?=\/)/, '').replace(/^\/[0-9a-f]{32}(?=\/)/, '');
  const found = findRoute(routes, request.method, path, minor);
  if (found === 'path') throw notFound();
  if (found === 'method') throw new HttpFault(405, 'The method is not allowed for the requested URL.');
  const base = `${request.origin}${PREFIX}`;
  const context: NovaContext = { world, request, params: found.params, token, minor, requestId, base };
  // every handler of nova's table answers so; the table's type cannot say it
  return Promise.resolve(found.route.run(context) as Answer | Promise<Answer>);
}

/** Nova asks keystone about a token once and then believes it for a while, revoked or not. */
async function authenticate(world: World, request: Request): Promise<Token | undefined> {
  const id = String(request.headers['x-auth-token'] ?? '');
  const { identity, settings } = world;
  const now = world.now();
  const known = identity.tokens.get(id);
  if (!known || known.expires <= now || known.target === null) return undefined;
  if (known.appCredential && !identity.appCredentials.includes(known.appCredential)) return undefined;
  if ((identity.novaCache.get(id) ?? 0) > now.getTime()) return known;
  const token = await liveToken(world, id);
  if (!token || !isValid(identity, token, now)) return undefined;
  identity.novaCache.set(id, now.getTime() + settings.tokenCacheSeconds * 1000);
  return token;
}

function unauthenticated(request: Request, ids: Record<string, string>): Answer {
  const { message } = unauthorized();
  return {
    status: 401,
    body: { error: { code: 401, title: 'Unauthorized', message } },
    headers: { 'www-authenticate': `Keystone uri="${request.origin}/identity/v3"`, ...ids },
  };
}

function microversion(world: World, request: Request): { minor: number; shown: boolean } {
  if (/^\/v2(\/|$)/.test(request.path)) return { minor: 1, shown: false };
  const max = minorOf(world.settings.maxMicroversion);
  const asked = askedVersion(request);
  if (asked === undefined) return { minor: 1, shown: true };
  if (asked === 'latest') return { minor: max, shown: true };
  if (!/^\d+\.\d+$/.test(asked)) {
    throw badRequest(`API Version String: ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`);
  }
  const [major, minor] = asked.split('.').map(Number);
  if (major !== 2 || minor === undefined || minor < 1 || minor > max) {
    throw new HttpFault(406, `Version ${asked} is not supported by the API. Minimum is 2.1 and maximum is 2.${max}.`);
  }
  return { minor, shown: true };
}

function askedVersion(request: Request): string | undefined {
  const header = request.headers['openstack-api-version'];
  for (const part of String(header ?? '').split(',')) {
    const [service, version] = part.trim().split(/\s+/);
    if (service?.toLowerCase() === 'compute') return version ?? '';
  }
  const old = request.headers['x-openstack-nova-api-version'];
  return old === undefined ? undefined : String(old);
}

export function minorOf(version: string): number {
  return Number(version.split('.')[1] ?? 1);
}

function versionHeaders(minor: number): Record<string, string> {
  return {
    'openstack-api-version': `compute 2.${minor}`,
    'x-openstack-nova-api-version': `2.${minor}`,
    vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
  };
}

function fault(error: unknown): Answer {
  const known = error instanceof HttpFault;
  const status = known ? error.status : 500;
  const message = known ? error.message : unexpected('oslo_db.exception.DBConnectionError');
  return { status, body: { [FAULTS[status] ?? 'computeFault']: { code: status, message } } };
}

export function unexpected(kind: string): string {
  return `Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class '${kind}'>`;
}

function versionDocument(world: World, request: Request): Answer | undefined {
  const { origin } = request;
  const version = world.settings.maxMicroversion;
  const current = { id: 'v2.1', status: 'CURRENT', version, min_version: '2.1', updated: '2013-07-23T11:33:21Z' };
  const self = (path: string) => ({ rel: 'self', href: `${origin}${PREFIX}${path}` });
  if (request.path === '/') {
    const old = { id: 'v2.0', status: 'SUPPORTED', version: '', min_version: '', updated: '2011-01-21T11:33:21Z' };
    return {
      status: 200,
      body: {
        versions: [
          { ...old, links: [self('/v2/')] },
          { ...current, links: [self('/v2.1/')] },
        ],
      },
    };
  }
  if (!/^\/v2\.1\/?$/.test(request.path)) return undefined;
  const media = { base: 'application/json', type: 'application/vnd.openstack.compute+json;version=2.1' };
  const links = [self('/v2.1/'), { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' }];
  return { status: 200, body: { version: { ...current, links, 'media-types': [media] } } };
}
