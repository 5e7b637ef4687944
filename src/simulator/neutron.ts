import { tokenOf } from './authenticated.ts';
import type { Answer, Mount, Request } from './http.ts';
import { isAdmin } from './keystone/identity.ts';
import type { Agent, World } from './world.ts';

const EMPTY = ['extensions', 'networks', 'ports', 'routers', 'subnets', 'floatingips', 'security-groups'];

/** A network service with agents and nothing else in it. */
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
  if (request.method === 'GET' && /^\/v2\.0\/agents(\.json)?$/.test(request.path)) {
    return { status: 200, body: { agents: agentsFor(world, request) }, headers };
  }
  const kind = /^\/v2\.0\/([\w-]+?)(\.json)?$/.exec(request.path)?.[1];
  if (request.method === 'GET' && kind !== undefined && EMPTY.includes(kind)) {
    return { status: 200, body: { [kind.replaceAll('-', '_')]: [] }, headers };
  }
  const detail = { message: 'The resource could not be found.', type: 'HTTPNotFound', detail: '' };
  return { status: 404, body: { NeutronError: detail }, headers };
}

/** Others than admins see none: the policy filters the list, and nobody is told. */
function agentsFor(world: World, request: Request): unknown[] {
  const token = tokenOf(world, request);
  if (!token || !isAdmin(token)) return [];
  const host = request.query.get('host');
  return world.agents.filter((agent) => host === null || agent.host === host).map((agent) => view(world, agent));
}

function view(world: World, { id, host, binary, type, created, alive, lastHeard }: Agent): unknown {
  const beat = lastHeard ?? (alive ? world.now() : created);
  return {
    id,
    agent_type: type,
    binary,
    host,
    topic: binary === 'neutron-dhcp-agent' ? 'dhcp_agent' : binary === 'neutron-l3-agent' ? 'l3_agent' : 'N/A',
    availability_zone: 'nova',
    admin_state_up: true,
    alive,
    created_at: stamp(created),
    started_at: stamp(created),
    heartbeat_timestamp: stamp(beat),
    description: null,
    resources_synced: null,
    configurations: {},
  };
}

/** As Neutron writes times: `2026-11-22 14:05:09`. */
function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}
