import { tokenOf } from './authenticated.ts';
import type { Answer, Mount, Request } from './http.ts';
import type { World } from './world.ts';

const EMPTY = ['agents', 'extensions', 'networks', 'ports', 'routers', 'subnets', 'floatingips', 'security-groups'];

/** A network service with nothing in it. */
export function neutron(world: World): Mount {
  return { prefix: '/network', handle: async (request) => answer(world, request) };
}

function answer(world: World, request: Request): Answer {
  const headers = { 'x-openstack-request-id': `req-${world.chance.uuid()}` };
  if (request.path === '/') {
    const links = [{ rel: 'self', href: `${request.origin}/network/v2.0/` }];
    return { status: 200, body: { versions: [{ id: 'v2.0', status: 'CURRENT', links }] }, headers };
  }
  if (!tokenOf(world, request)) {
    const message = 'The request you have made requires authentication.';
    return { status: 401, body: { error: { code: 401, title: 'Unauthorized', message } }, headers };
  }
  const kind = /^\/v2\.0\/([\w-]+?)(\.json)?$/.exec(request.path)?.[1];
  if (request.method === 'GET' && kind !== undefined && EMPTY.includes(kind)) {
    return { status: 200, body: { [kind.replaceAll('-', '_')]: [] }, headers };
  }
  const detail = { message: 'The resource could not be found.', type: 'HTTPNotFound', detail: '' };
  return { status: 404, body: { NeutronError: detail }, headers };
}
