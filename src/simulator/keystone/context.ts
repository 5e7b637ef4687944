import { forbidden, type HttpFault } from '../fault.ts';
import type { Answer, Request } from '../http.ts';
import type { Fields } from '../json.ts';
import type { World } from '../world.ts';
import { isAdmin, type Token } from './identity.ts';

export const PREFIX = '/identity';

export interface KeystoneContext {
  readonly world: World;
  readonly request: Request;
  readonly params: Readonly<Record<string, string>>;
  readonly token: Token;
  readonly body: Fields;
  /** The address of /v3, for links. */
  readonly self: string;
}

export function list(context: KeystoneContext, name: string, rows: readonly unknown[]): Answer {
  const { request, self } = context;
  const links = { next: null, self: `${self}${request.path.replace(/^\/v3/, '')}${request.search}`, previous: null };
  return { status: 200, body: { [name]: rows, links } };
}

export function refused(rule: string): HttpFault {
  return forbidden(`You are not authorized to perform the requested action: identity:${rule}.`);
}

export function requireAdmin(token: Token, rule: string): void {
  if (!isAdmin(token)) throw refused(rule);
}
