import { badRequest, HttpFault, notFound, unauthorized } from '../fault.ts';
import type { Answer, Mount, Request } from '../http.ts';
import { isValid, type Token } from '../keystone/identity.ts';
import { liveToken } from '../keystone/login.ts';
import { findRoute } from '../routes.ts';
import type { World } from '../world.ts';
import type { NovaContext } from './context.ts';
import { dbError } from './db-error.ts';
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
    const { asked, minor } = microversion(world, request);
    const found = findRoute(routes, request.method, pathBelow(request), minor);
    if (found === 'path' || found === 'method')
      return { ...nothingThere(), headers: { ...nothingThere().headers, ...ids } };
    if (asked !== null) headers = { ...ids, ...versionHeaders(asked) };
    refuseTooNew(world, asked, minor);
    if (found === 'version') throw notFound();
    const base = `${request.origin}${PREFIX}`;
    const context: NovaContext = { world, request, params: found.params, token, minor, requestId, base };
    // every handler of nova's table answers so; the table's type cannot say it
    const given = (await found.route.run(context)) as Answer;
    if (request.method !== 'GET') await world.tables.settled();
    return { ...given, headers: { 'content-type': 'application/json', ...headers, ...given.headers } };
  } catch (error) {
    return { ...fault(error), headers };
  }
}

function pathBelow({ path }: Request): string {
  return path.replace(/^\/v2(\.1)?(?=\/)/, '').replace(/^\/[0-9a-f]{32}(?=\/)/, '');
}

/** A path or method that no microversion has: the router's own words, not nova's. */
function nothingThere() {
  const text = '404 Not Found\n\nThe resource could not be found.\n\n   ';
  return { status: 404, text, headers: { 'content-type': 'text/plain; charset=UTF-8' } };
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

/** What was asked for, as it is sent back, and what it comes to; null where the old /v2 hides microversions. */
function microversion(world: World, request: Request): { minor: number; asked: string | null } {
  if (/^\/v2(\/|$)/.test(request.path)) return { minor: 1, asked: null };
  const asked = askedVersion(request);
  if (asked === undefined) return { minor: 1, asked: '2.1' };
  const max = world.settings.maxMicroversion;
  if (asked === 'latest') return { minor: minorOf(max), asked: max };
  if (!/^\d+\.\d+$/.test(asked)) {
    throw badRequest(`API Version String ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`);
  }
  return { minor: asked.startsWith('2.') ? minorOf(asked) : 0, asked };
}

function refuseTooNew(world: World, asked: string | null, minor: number): void {
  const max = world.settings.maxMicroversion;
  if (minor >= 1 && minor <= minorOf(max)) return;
  throw new HttpFault(406, `Version ${asked} is not supported by the API. Minimum is 2.1 and maximum is ${max}.`);
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

function minorOf(version: string): number {
  return Number(version.split('.')[1] ?? 1);
}

function versionHeaders(version: string): Record<string, string> {
  return {
    'openstack-api-version': `compute ${version}`,
    'x-openstack-nova-api-version': version,
    vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
  };
}

function fault(error: unknown): Answer {
  const known = error instanceof HttpFault;
  const status = known ? error.status : 500;
  const message = known ? error.message : dbError('DBConnectionError').message;
  return { status, body: { [FAULTS[status] ?? 'computeFault']: { code: status, message } } };
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
