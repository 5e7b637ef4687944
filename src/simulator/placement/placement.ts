import { tokenOf } from '../authenticated.ts';
import { forbidden, HttpFault, notFound } from '../fault.ts';
import type { Answer, Mount, Request } from '../http.ts';
import { isAdmin } from '../keystone/identity.ts';
import { findRoute, route } from '../routes.ts';
import type { World } from '../world.ts';
import { allocations, candidates } from './allocations.ts';
import { hostBy, type PlacementContext, TRAITS } from './context.ts';
import { inventories, provider, providerAllocations, providers, traits, usages } from './providers.ts';

const MAX = 39;
const routes = [
  route('GET /resource_providers', providers),
  route('GET /resource_providers/:id', provider),
  route('GET /resource_providers/:id/inventories', inventories),
  route('GET /resource_providers/:id/usages', usages),
  route('GET /resource_providers/:id/allocations', providerAllocations),
  route('GET /resource_providers/:id/traits', traits),
  route<PlacementContext>('GET /resource_providers/:id/aggregates', ({ world, params }) => ({
    status: 200,
    body: { aggregates: [], resource_provider_generation: hostBy(world, params['id']).generation },
  })),
  route('GET /allocations/:id', allocations),
  route('GET /allocation_candidates', candidates),
  route<PlacementContext>('GET /traits', () => ({
    status: 200,
    body: { traits: [...TRAITS, 'COMPUTE_STATUS_DISABLED'] },
  })),
  route<PlacementContext>('GET /resource_classes', () => ({
    status: 200,
    body: { resource_classes: ['VCPU', 'MEMORY_MB', 'DISK_GB'].map((name) => ({ name })) },
  })),
];

export function placement(world: World): Mount {
  return { prefix: '/placement', handle: async (request) => answer(world, request) };
}

function answer(world: World, request: Request): Answer {
  const requestId = `req-${world.chance.uuid()}`;
  const headers = { 'x-openstack-request-id': requestId };
  try {
    if (request.path === '/') return { ...versions(request), headers };
    if (!tokenOf(world, request))
      return { ...unauthenticated(request), headers: { ...headers, ...challenge(request) } };
    const version = microversion(request);
    const given = run(world, request);
    return {
      ...given,
      headers: {
        ...headers,
        'openstack-api-version': `placement 1.${version}`,
        vary: 'openstack-api-version',
        'cache-control': 'no-cache',
      },
    };
  } catch (error) {
    if (!(error instanceof HttpFault)) throw error;
    const { status, message } = error;
    const title =
      { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable' }[
        status
      ] ?? 'Error';
    return {
      status,
      body: { errors: [{ status, title, detail: `${message}\n\n   `, request_id: requestId }] },
      headers,
    };
  }
}

function run(world: World, request: Request): Answer {
  const token = tokenOf(world, request);
  if (!token || !isAdmin(token)) {
    throw forbidden(`Access was denied to this resource.\n\n placement:${request.path.split('/')[1] ?? ''}:list`);
  }
  const found = findRoute(routes, request.method, request.path);
  if (found === 'path') throw notFound('The resource could not be found.');
  if (found === 'method') throw new HttpFault(405, 'The method specified is not allowed for this resource.');
  // every handler of the table above answers so; the table's type cannot say it
  return found.route.run({ world, request, params: found.params }) as Answer;
}

function microversion(request: Request): number {
  const header = String(request.headers['openstack-api-version'] ?? 'placement 1.0');
  const asked = /placement\s+(latest|1\.(\d+))/i.exec(header);
  const version = asked?.[1]?.toLowerCase() === 'latest' ? MAX : Number(asked?.[2] ?? 0);
  if (version > MAX) throw new HttpFault(406, `Unacceptable version header: 1.${version}`);
  return version;
}

function versions(request: Request): Answer {
  const links = [{ rel: 'self', href: `${request.origin}/placement/` }];
  return {
    status: 200,
    body: { versions: [{ id: 'v1.0', max_version: `1.${MAX}`, min_version: '1.0', status: 'CURRENT', links }] },
  };
}

function unauthenticated(_request: Request): Answer {
  const message = 'The request you have made requires authentication.';
  return { status: 401, body: { error: { code: 401, title: 'Unauthorized', message } } };
}

function challenge(request: Request): Record<string, string> {
  return { 'www-authenticate': `Keystone uri="${request.origin}/identity/v3"` };
}
