import { z } from 'zod';
import { Catalog } from './catalog.ts';
import type { CloudConfig, Login } from './config.ts';
import { OpenStackError } from './errors.ts';
import type { Answer, Http } from './http.ts';

/** A token this close to its end is not used any more: requests take time to arrive. */
const staleMargin = 30_000;

/** Where it is remembered, for all workers, that a cloud refused a credential: it is never tried again by itself. */
export interface CredentialGate {
  /** Why this credential is bad; null if nobody knows anything against it. */
  isBad(cloud: string, fingerprint: string): Promise<string | null>;
  markBad(cloud: string, fingerprint: string, why: string): Promise<void>;
  /** Runs the login while no other worker runs one with this credential: two must not find out at once that it is bad. */
  alone<T>(cloud: string, fingerprint: string, login: () => Promise<T>): Promise<T>;
}

export interface Token {
  readonly id: string;
  readonly expiresAt: number;
  /** From login to its end, by Keystone's clock; null where it does not say when it was issued. */
  readonly lifetimeMs: number | null;
  readonly user: string;
  readonly userId: string | null;
  /** Null where the token is scoped to a domain or the system. */
  readonly project: { readonly id: string; readonly name: string } | null;
  readonly roles: readonly string[];
  readonly catalog: Catalog;
}

export interface KeystoneParts {
  readonly config: CloudConfig;
  readonly http: Http;
  readonly gate: CredentialGate;
  now(): Date;
}

export interface Keystone {
  /** One that will live long enough; parallel callers share one login. */
  token(): Promise<Token>;
  /** A service refused this token: the next `token()` logs in again, once for everybody who held it. */
  drop(token: Token): void;
  /** `http://h/identity/v3`. */
  readonly url: string;
}

const Body = z.object({
  token: z.looseObject({
    issued_at: z.string().optional(),
    expires_at: z.string(),
    user: z.looseObject({ id: z.string().optional(), name: z.string() }),
    project: z.looseObject({ id: z.string(), name: z.string() }).optional(),
    roles: z.array(z.looseObject({ name: z.string() })).default([]),
    catalog: Catalog.default([]),
  }),
});

export function openKeystone(parts: KeystoneParts): Keystone {
  let current: Token | null = null;
  let login: Promise<Token> | null = null;
  const fresh = () => current !== null && current.expiresAt - parts.now().getTime() > staleMargin;
  return {
    url: v3(parts.config.authUrl),
    token: async () => {
      if (current && fresh()) return current;
      login ??= inTurn(parts).finally(() => {
        login = null;
      });
      current = await login;
      return current;
    },
    drop: (token) => {
      if (current === token) current = null;
    },
  };
}

function inTurn(parts: KeystoneParts): Promise<Token> {
  const { name, fingerprint } = parts.config;
  return parts.gate.alone(name, fingerprint, () => logIn(parts));
}

async function logIn(parts: KeystoneParts): Promise<Token> {
  const { config, gate } = parts;
  const why = await gate.isBad(config.name, config.fingerprint);
  if (why !== null) throw refused(config.name, why);
  try {
    const asked = parts.now();
    return tokenFrom(await postLogin(parts), config.name, asked);
  } catch (error) {
    if (!(error instanceof OpenStackError) || !isRefusal(error, config.login)) throw error;
    const reason = whyRefused(error, config.login);
    await gate.markBad(config.name, config.fingerprint, reason);
    throw refused(config.name, reason, error);
  }
}

function postLogin({ config, http }: KeystoneParts): Promise<Answer> {
  const url = new URL(`${v3(config.authUrl)}/auth/tokens`);
  return http.send({
    method: 'POST',
    service: 'identity',
    url,
    path: '/v3/auth/tokens',
    body: loginBody(config.login),
  });
}

function loginBody(login: Login): object {
  if (login.kind === 'password') {
    const user = { ...ownerBody(login.user), password: login.password };
    return { auth: { identity: { methods: ['password'], password: { user } }, scope: scopeBody(login.scope) } };
  }
  // An application credential brings its project with it: sending a scope is an error.
  const named = login.id === null ? { name: login.name, user: login.user && ownerBody(login.user) } : { id: login.id };
  return {
    auth: {
      identity: { methods: ['application_credential'], application_credential: { ...named, secret: login.secret } },
    },
  };
}

function ownerBody(owner: { id: string } | { name: string; domain: object | null }): object {
  return 'id' in owner ? { id: owner.id } : { name: owner.name, ...(owner.domain && { domain: owner.domain }) };
}

function scopeBody(scope: Extract<Login, { kind: 'password' }>['scope']): object {
  return 'project' in scope ? { project: ownerBody(scope.project) } : scope;
}

function tokenFrom({ headers, body }: Answer, cloud: string, asked: Date): Token {
  const id = headers['x-subject-token'];
  const parsed = Body.safeParse(body);
  if (typeof id !== 'string' || !parsed.success) {
    throw new OpenStackError({
      problem: 'unreadable',
      cloud,
      request: 'POST identity /v3/auth/tokens',
      said: 'no token in the answer; is auth_url a Keystone v3?',
    });
  }
  const { token } = parsed.data;
  const project = token.project ? { id: token.project.id, name: token.project.name } : null;
  const roles = token.roles.map((role) => role.name);
  return {
    id,
    ...endOf(token, asked),
    user: token.user.name,
    userId: token.user.id ?? null,
    project,
    roles,
    catalog: token.catalog,
  };
}

/** By our own clock: one that goes wrong by an hour would otherwise log in for every request. */
function endOf(
  { issued_at, expires_at }: { issued_at?: string | undefined; expires_at: string },
  asked: Date,
): Pick<Token, 'expiresAt' | 'lifetimeMs'> {
  const lifetimeMs = issued_at === undefined ? Number.NaN : Date.parse(expires_at) - Date.parse(issued_at);
  if (Number.isNaN(lifetimeMs)) return { expiresAt: Date.parse(expires_at), lifetimeMs: null };
  return { expiresAt: asked.getTime() + lifetimeMs, lifetimeMs };
}

/** A deleted application credential is answered with 404; other 404s mean a wrong address, not a wrong secret. */
function isRefusal(error: OpenStackError, login: Login): boolean {
  const gone =
    login.kind === 'application-credential' &&
    error.problem === 'not-found' &&
    /application credential/i.test(error.facts.said ?? '');
  return error.problem === 'unauthorized' || gone;
}

function whyRefused(error: OpenStackError, login: Login): string {
  const who =
    login.kind === 'password'
      ? `user ${'name' in login.user ? login.user.name : login.user.id}`
      : 'the application credential';
  return `Keystone refused the login of ${who} (${error.facts.status}, ${error.facts.requestId}): ${error.facts.said || 'no reason given'}`.replace(
    /[.\s]*$/,
    '.',
  );
}

function refused(cloud: string, why: string, cause?: unknown): OpenStackError {
  const said = `${why} No other login is tried until clouds.yaml or secure.yaml changes, or \`clouds trust ${cloud}\` is said.`;
  return new OpenStackError(
    { problem: 'credential-bad', cloud, request: 'POST identity /v3/auth/tokens', said },
    { cause },
  );
}

function v3(authUrl: string): string {
  const bare = authUrl.replace(/\/+$/, '').replace(/\/v2\.0$/, '');
  return bare.endsWith('/v3') ? bare : `${bare}/v3`;
}
