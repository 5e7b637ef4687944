import { tokenOf } from './authenticated.ts';
import type { Answer, Mount, Request } from './http.ts';
import { isAdmin } from './keystone/identity.ts';
import type { World } from './world.ts';

/** A volume service with one volume for each server that boots from one, as large as its flavor's disk; shapes by Cinder's API reference. */
export function cinder(world: World): Mount {
  return { prefix: '/volume', handle: async (request) => answer(world, request) };
}

function answer(world: World, request: Request): Answer {
  const headers = { 'x-openstack-request-id': `req-${world.chance.uuid()}` };
  const token = tokenOf(world, request);
  if (!token) {
    const message = 'The request you have made requires authentication.';
    return { status: 401, body: { error: { code: 401, title: 'Unauthorized', message } }, headers };
  }
  const id = /^\/v3\/volumes\/([\w-]+)$/.exec(request.path)?.[1] ?? '';
  const server = world.servers.get(id);
  if (request.method !== 'GET' || !server?.bootsFromVolume || !isAdmin(token)) {
    const message = `Volume ${id} could not be found.`;
    return { status: 404, body: { itemNotFound: { code: 404, message } }, headers };
  }
  const attached = { id, volume_id: id, server_id: id, device: '/dev/vda', host_name: null };
  const volume = {
    id,
    name: `${server.name}-root`,
    size: server.flavor.disk,
    status: 'in-use',
    bootable: 'true',
    attachments: [attached],
    'os-vol-tenant-attr:tenant_id': server.project,
  };
  return { status: 200, body: { volume }, headers };
}
