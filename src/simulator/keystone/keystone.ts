import { HttpFault, notFound, unauthorized } from '../fault.ts';
import { type Answer, bodyOf, type Mount, type Request } from '../http.ts';
import { findRoute, type Route, route } from '../routes.ts';
import type { World } from '../world.ts';
import { assignmentRoutes } from './assignments.ts';
import { type KeystoneContext, PREFIX, refused } from './context.ts';
import { credentialRoutes } from './credentials.ts';
import { isAdmin, type Token } from './identity.ts';
import { listRoutes } from './lists.ts';
import { liveToken, login } from './login.ts';
import { catalogView, tokenView } from './token-view.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  500: 'Internal Server Error',
};

const routes: readonly Route<KeystoneContext>[] = [
  route('GET /auth/tokens', showToken),
  route('DELETE /auth/tokens', revokeToken),
  route('GET /auth/catalog', ({ world, request }) => ({
    status: 200,
    body: {
      catalog: catalogView(world, request.origin),
      links: { self: `${request.origin}${PREFIX}/v3/auth/catalog` },
    },
  })),
  ...listRoutes,
  ...assignmentRoutes,
  ...credentialRoutes,
];

export function keystone(world: World): Mount {
  return { prefix: PREFIX, handle: (request) => answer(world, request) };
}

async function answer(world: World, request: Request): Promise<Answer> {
  const requestId = `req-${world.chance.uuid()}`;
  const common = { vary: 'X-Auth-Token', 'x-openstack-request-id': requestId };
  try {
    const given = await handle(world, request);
    if (request.method !== 'GET') await world.tables.settled();
    return { ...given, headers: { ...common, ...given.headers } };
  } catch (error) {
    if (!(error instanceof HttpFault)) throw error;
    const { status, message } = error;
    const challenge: Record<string, string> =
      status === 401 ? { 'www-authenticate': `Keystone uri="${request.origin}${PREFIX}/v3"` } : {};
    return {
      status,
      body: { error: { code: status, message, title: TITLES[status] ?? 'Error' } },
      headers: { ...common, ...challenge },
    };
  }
}

async function handle(world: World, request: Request): Promise<Answer> {
  if (request.path === '/') return { status: 300, body: { versions: { values: [version(request)] } } };
  const path = request.path.replace(/^\/v3(?=\/|$)/, '');
  if (path === request.path) return nothingThere();
  if (path === '' || path === '/') return { status: 200, body: { version: version(request) } };

  if (request.method === 'POST' && path === '/auth/tokens') {
    const token = await login(world, bodyOf(request));
    return tokenAnswer(world, request, token, 201);
  }
  const token = await caller(world, request);
  const found = findRoute(routes, request.method, path);
  if (found === 'method') return { status: 405, body: { message: 'The method is not allowed for the requested URL.' } };
  if (typeof found === 'string') return nothingThere();
  const context = {
    world,
    request,
    params: found.params,
    token,
    body: bodyOf(request) ?? {},
    self: `${request.origin}${PREFIX}/v3`,
  };
  // every handler of this table answers so; the table's type cannot say it
  return (await found.route.run(context)) as Answer;
}

/** The framework's own words for a path it does not know. */
function nothingThere(): Answer {
  const text = '<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n';
  return { status: 404, text, headers: { 'content-type': 'text/html; charset=utf-8' } };
}

async function caller(world: World, request: Request): Promise<Token> {
  const id = String(request.headers['x-auth-token'] ?? '');
  const known = world.identity.tokens.get(id);
  if (known?.appCredential) {
    await world.tables.forgetDeleted(world.identity);
    if (!world.identity.appCredentials.includes(known.appCredential)) {
      throw notFound(`Could not find Application Credential: ${known.appCredential.id}.`);
    }
  }
  const token = await liveToken(world, id);
  if (!token) throw unauthorized();
  return token;
}

function version(request: Request): unknown {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${request.origin}${PREFIX}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

function tokenAnswer(world: World, request: Request, token: Token, status: number): Answer {
  return {
    status,
    body: { token: tokenView(world, token, request.origin, !request.query.has('nocatalog')) },
    headers: { 'x-subject-token': token.id },
  };
}

async function showToken({ world, request, token }: KeystoneContext): Promise<Answer> {
  const subject = await subjectOf(world, request);
  if (subject.user !== token.user && !isAdmin(token)) throw refused('validate_token');
  return tokenAnswer(world, request, subject, 200);
}

async function revokeToken({ world, request, token }: KeystoneContext): Promise<Answer> {
  const subject = await subjectOf(world, request);
  if (subject.user !== token.user && !isAdmin(token)) throw refused('revoke_token');
  subject.revoked = true;
  world.tables.revocation(subject);
  return { status: 204 };
}

async function subjectOf(world: World, request: Request): Promise<Token> {
  const id = request.headers['x-subject-token'];
  if (typeof id !== 'string') throw notFound('No token in the request');
  const subject = await liveToken(world, id);
  if (subject) return subject;
  if (world.identity.tokens.has(id) || world.settings.tokens === 'uuid') throw notFound('Failed to validate token');
  throw notFound('Could not recognize Fernet token');
}
