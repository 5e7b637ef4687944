import { badRequest, forbidden, notFound } from '../fault.ts';
import { bodyOf, type Request } from '../http.ts';
import { type Fields, isFields, repr } from '../json.ts';
import { isAdmin, projectOf, type Token } from '../keystone/identity.ts';
import type { InstanceAction, Server, World } from '../world.ts';

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

/** The server of the path. One of another project is not there, except for an admin. */
export function serverOf(context: NovaContext): Server {
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

export function invalid(field: string, value: unknown, problem: string) {
  const shown = typeof value === 'string' ? value : repr(value);
  return badRequest(`Invalid input for field/attribute ${field}. Value: ${shown}. ${problem}`);
}

/** Refuses keys that are not in the list, as nova's schemas do. */
export function onlyKeys(field: string | null, value: Fields, allowed: readonly string[]): void {
  const extra = Object.keys(value)
    .filter((key) => !allowed.includes(key))
    .sort();
  if (extra.length === 0) return;
  const names = extra.map((key) => `'${key}'`).join(', ');
  const problem = `Additional properties are not allowed (${names} ${extra.length === 1 ? 'was' : 'were'} unexpected)`;
  throw field === null ? badRequest(problem) : invalid(field, value, problem);
}

/** A text of 1 to 255 characters, or absent. */
export function shortText(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalid(field, value, `${repr(value)} is not of type 'string'`);
  if (value.length === 0) throw invalid(field, value, `${repr(value)} is too short`);
  if ([...value].length > 255) throw invalid(field, value, `${repr(value)} is too long`);
  return value;
}

/** From 2.75 an unknown query parameter is an error; before, nobody looks. */
export function knownQuery(context: NovaContext, known: readonly string[], from = 75): void {
  if (context.minor < from) return;
  for (const key of context.request.query.keys()) {
    if (!known.includes(key) && !key.startsWith('_')) {
      throw badRequest(`'${key}' does not match any of the regexes: '^_'`);
    }
  }
}

export function numberQuery(context: NovaContext, key: string): number | undefined {
  const value = context.request.query.get(key);
  if (value === null) return undefined;
  if (!/^[0-9]+$/.test(value)) {
    throw badRequest(
      `Invalid input for query parameters ${key}. Value: ${value}. '${value}' does not match '^[0-9]*$'`,
    );
  }
  return Number(value);
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
