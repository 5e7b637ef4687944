import { z } from 'zod';
import type { Server, ServerFilter } from './cloud.ts';
import { OpenStackError } from './errors.ts';
import { ServerId } from './names.ts';
import type { Flavors } from './nova-flavors.ts';
import { NovaServer } from './nova-server.ts';
import { type Page, walk } from './pages.ts';
import type { Session } from './session.ts';
import { Links, read } from './wire.ts';

/** 2.96 tells the zone that was asked for at boot, 2.98 the properties of the image. */
const known = '2.98';
const Servers = z.object({ servers: z.array(NovaServer), servers_links: Links });
const Names = z.object({
  servers: z.array(z.object({ id: ServerId, name: z.string().optional() })),
  servers_links: Links,
});

/** Where servers are read from. */
export interface ServerSource {
  readonly session: Session;
  readonly cloud: string;
  readonly flavors: Flavors;
}

/**
 * Always over all projects: without that an admin's host filter silently means "in my own project". And each result's
 * host is looked at: for a token that may not filter, Nova drops the filter in silence and lists other servers.
 */
export async function* listServers(source: ServerSource, filter: ServerFilter): AsyncGenerator<Server> {
  const { session, cloud, flavors } = source;
  const version = await session.speaks('compute', known);
  const query = { all_tenants: 1, ...filterQuery(filter) };
  const page = (body: unknown) => serverPage(body, cloud);
  for await (const server of walk(session, {
    service: 'compute',
    ask: { path: '/servers/detail', query, version },
    page,
  })) {
    if (filter.host !== undefined && server.host !== filter.host) throw unfiltered(cloud, filter.host);
    yield await flavors.complete(server);
  }
}

export async function showServer({ session, cloud, flavors }: ServerSource, id: ServerId): Promise<Server> {
  const version = await session.speaks('compute', known);
  const path = `/servers/${id}`;
  const { body } = await session.ask('compute', { path, version });
  return flavors.complete(read(z.object({ server: NovaServer }), body, cloud, `GET compute ${path}`).server);
}

/** By uuid, by uuid prefix, or by exact name; a reference that is both a prefix and a name finds both. */
export async function findServers(source: ServerSource, reference: string, limit: number): Promise<Server[]> {
  const { session, cloud } = source;
  const id = ServerId.safeParse(reference.toLowerCase());
  if (id.success) return showIfThere(source, id.data);
  const byName = await idsNamed(session, cloud, reference, limit);
  const prefix = /^[0-9a-f][0-9a-f-]{3,35}$/i.test(reference) ? reference.toLowerCase() : null;
  const byPrefix = prefix === null ? [] : await idsStarting(session, cloud, prefix, limit);
  const ids = [...new Set([...byName, ...byPrefix])].slice(0, limit);
  const found = await Promise.all(ids.map((one) => showIfThere(source, one)));
  return found.flat();
}

async function showIfThere(source: ServerSource, id: ServerId): Promise<Server[]> {
  try {
    return [await showServer(source, id)];
  } catch (error) {
    if (error instanceof OpenStackError && error.problem === 'not-found') return [];
    throw error;
  }
}

/** Nova's name filter is a regular expression, and MySQL's ignores case: each hit is compared again. */
async function idsNamed(session: Session, cloud: string, name: string, limit: number): Promise<ServerId[]> {
  const pattern = `^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  const found: ServerId[] = [];
  for await (const server of listNames(session, cloud, { name: pattern })) {
    if (server.name === name) found.push(server.id);
    if (found.length === limit) break;
  }
  return found;
}

/** Nova cannot search by the beginning of a uuid: names are walked in the order of uuids, up to the last that fits. */
async function idsStarting(session: Session, cloud: string, prefix: string, limit: number): Promise<ServerId[]> {
  const found: ServerId[] = [];
  for await (const { id } of listNames(session, cloud, {})) {
    if (id.startsWith(prefix)) found.push(id);
    if (found.length === limit || id.slice(0, prefix.length) > prefix) break;
  }
  return found;
}

async function* listNames(
  session: Session,
  cloud: string,
  query: Record<string, string>,
): AsyncGenerator<{ id: ServerId; name?: string | undefined }> {
  const version = await session.speaks('compute', known);
  const page = (body: unknown) => namePage(body, cloud);
  yield* walk(session, {
    service: 'compute',
    ask: { path: '/servers', query: { all_tenants: 1, ...query }, version },
    page,
  });
}

function filterQuery({ host, project, status, name, softDeleted, tag }: ServerFilter): Record<string, string> {
  // Without `soft_deleted` Nova leaves these out even where their status is asked for.
  const soft = softDeleted ? { soft_deleted: '1', status: 'SOFT_DELETED' } : {};
  return {
    ...(host && { host }),
    ...(project && { project_id: project }),
    ...(status && { status }),
    ...(name && { name }),
    ...(tag && { tags: tag }),
    ...soft,
  };
}

function serverPage(body: unknown, cloud: string): Page<Server> {
  const { servers, servers_links } = read(Servers, body, cloud, 'GET compute /servers/detail');
  return { items: servers, links: servers_links };
}

function namePage(body: unknown, cloud: string): Page<{ id: ServerId; name?: string | undefined }> {
  const { servers, servers_links } = read(Names, body, cloud, 'GET compute /servers');
  return { items: servers, links: servers_links };
}

function unfiltered(cloud: string, host: string): OpenStackError {
  const said = `the token may not list the servers of ${host}: Nova ignored the filter, the token is not admin`;
  return new OpenStackError({ problem: 'forbidden', cloud, request: 'GET compute /servers/detail', said });
}
