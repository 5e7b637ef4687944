import { badRequest, forbidden, notFound } from '../fault.ts';
import { bodyOf, type Request } from '../http.ts';
import { type Fields, isFields, repr } from '../json.ts';
import { isAdmin, projectOf, type Token } from '../keystone/identity.ts';
import type { InstanceAction, Server, World } from '../world.ts';
import { invalid } from './checks.ts';
import { cellError } from './db-error.ts';

/** One request at nova: who asks what, in which microversion (the number after `2.`). */
export interface NovaContext {
  readonly world: World;
  readonly request: Request;
  readonly params: Readonly<Record<string, string>>;
  readonly token: Token;
  readonly minor: number;
  readonly requestId: string;
  /** `http://host/compute`, for links. */
  readonly base: string;
}

export function requireAdmin({ token }: NovaContext, rule: string): void {
  if (!isAdmin(token)) throw refused(rule);
}

export function refused(rule: string) {
  return forbidden(`Policy doesn't allow os_compute_api:${rule} to be performed.`);
}

export function admin({ token }: NovaContext): boolean {
  return isAdmin(token);
}

/** The server of the path. One of another project is not there, except for an admin; one of a cell that is down is an error. */
export function serverOf(context: NovaContext): Server {
  const server = mappedServer(context);
  if (context.world.cellsDown.has(server.cell)) throw cellError();
  return server;
}

/** As nova's API database knows it, whether its cell answers or not. */
export function mappedServer(context: NovaContext): Server {
  const id = context.params['id'] ?? '';
  const server = context.world.servers.get(id);
  if (!server || !maySee(context, server)) throw notFound(`Instance ${id} could not be found.`);
  return server;
}

export function maySee(context: NovaContext, server: Server): boolean {
  return admin(context) || server.project === projectOf(context.token);
}

/** The request's body, which must be an object with this one key. */
export function bodyWith(context: NovaContext, key: string): Fields {
  const body = bodyOf(context.request);
  if (!body) throw badRequest('Malformed request body');
  const value = body[key];
  if (!(key in body)) throw badRequest(`'${key}' is a required property`);
  if (!isFields(value)) throw invalid(key, value, `${repr(value)} is not of type 'object'`);
  return value;
}

export function bodyFields(context: NovaContext): Fields {
  const body = bodyOf(context.request);
  if (!body) throw badRequest('Malformed request body');
  return body;
}

/** Writes down that the server is being acted upon. */
export function recordAction(context: NovaContext, server: Server, action: string): InstanceAction {
  const { world, token } = context;
  const now = world.now();
  const made: InstanceAction = {
    number: world.next.action++,
    action,
    requestId: context.requestId,
    userId: token.user.id,
    projectId: projectOf(token) ?? '',
    started: now,
    updated: now,
    message: null,
    events: [],
  };
  server.actions.push(made);
  world.tables.action(server, made);
  return made;
}
