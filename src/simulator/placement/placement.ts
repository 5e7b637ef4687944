import { tokenOf } from '../authenticated.ts';
import { forbidden, HttpFault, notFound } from '../fault.ts';
import type { Answer, Mount, Request } from '../http.ts';
import { isAdmin, type Token } from '../keystone/identity.ts';
import { findRoute, route } from '../routes.ts';
import type { World } from '../world.ts';
import { allocations, candidates } from './allocations.ts';
import { hostBy, type PlacementContext, TRAITS } from './context.ts';
import { inventories, provider, providerAllocations, providers, traits, usages } from './providers.ts';

const MAX = 39;

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
};

/** What the framework says before the reason. */
const SAYINGS: Readonly<Record<number, string>> = {
  400: 'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  403: 'Access was denied to this resource.',
  404: 'The resource could not be found.',
  405: 'The method specified is not allowed for this resource.',
  406: 'The resource identified by the request is only capable of generating response entities which have content characteristics not acceptable according to the accept headers sent in the request.',
};
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
    body: {
      resource_classes: ['VCPU', 'MEMORY_MB', 'DISK_GB'].map((name) => ({
        name,
        links: [{ rel: 'self', href: `/resource_classes/${name}` }],
      })),
    },
  })),
];

export function placement(world: World): Mount {
  return { prefix: '/placement', handle: async (request) => answer(world, request) };
}

function answer(world: World, request: Request): Answer {
  const requestId = `req-${world.chance.uuid()}`;
  const ids = { 'x-openstack-request-id': requestId };
  const token = tokenOf(world, request);
  if (!token && request.path !== '/') {
    return {
      ...unauthenticated(),
      headers: { ...ids, 'www-authenticate': `Keystone uri="${request.origin}/identity/v3"` },
    };
  }
  let headers: Record<string, string> = ids;
  try {
    const version = microversion(request);
    headers = { ...ids, 'openstack-api-version': `placement 1.${version}`, vary: 'openstack-api-version' };
    const given = request.path === '/' ? versions() : run({ world, request, version }, token);
    return { ...given, headers: { ...headers, 'cache-control': 'no-cache' } };
  } catch (error) {
    if (!(error instanceof HttpFault)) throw error;
    const { status, message } = error;
    const detail = `${SAYINGS[status] ?? ''}\n\n ${message}  `;
    const fault = {
      status,
      title: TITLES[status] ?? 'Error',
      detail,
      code: 'placement.undefined_code',
      request_id: requestId,
    };
    return { status, body: { errors: [fault] }, headers };
  }
}

function run(context: Omit<PlacementContext, 'params'>, token: Token | undefined): Answer {
  const { request } = context;
  const found = findRoute(routes, request.method, request.path);
  if (found === 'path') throw notFound();
  if (typeof found === 'string') throw new HttpFault(405, 'The method specified is not allowed for this resource.');
  if (!token || !isAdmin(token)) throw forbidden(`Policy does not allow ${ruleOf(request)} to be performed.`);
  // every handler of the table above answers so; the table's type cannot say it
  return found.route.run({ ...context, params: found.params }) as Answer;
}

function ruleOf({ path }: Request): string {
  const [collection = '', one, below] = path.split('/').filter(Boolean);
  if (below !== undefined) return `placement:${collection}:${below}:list`;
  return `placement:${collection}:${one === undefined ? 'list' : 'show'}`;
}

function microversion(request: Request): number {
  const header = String(request.headers['openstack-api-version'] ?? 'placement 1.0');
  const asked = /placement\s+(latest|1\.(\d+))/i.exec(header);
  const version = asked?.[1]?.toLowerCase() === 'latest' ? MAX : Number(asked?.[2] ?? 0);
  if (version > MAX) throw new HttpFault(406, `Unacceptable version header: 1.${version}`);
  return version;
}

function versions(): Answer {
  const links = [{ rel: 'self', href: '' }];
  const version = { id: 'v1.0', max_version: `1.${MAX}`, min_version: '1.0', status: 'CURRENT', links };
  return { status: 200, body: { versions: [version] } };
}

function unauthenticated(): Answer {
  const message = 'The request you have made requires authentication.';
  return { status: 401, body: { error: { code: 401, title: 'Unauthorized', message } } };
}
