import type { Request } from './http.ts';
import { isValid, type Token } from './keystone/identity.ts';
import type { World } from './world.ts';

/** The token of a request at a service that keeps no cache of its own. */
export function tokenOf(world: World, request: Request): Token | undefined {
  const token = world.identity.tokens.get(String(request.headers['x-auth-token'] ?? ''));
  return token && isValid(world.identity, token, world.now()) ? token : undefined;
}
