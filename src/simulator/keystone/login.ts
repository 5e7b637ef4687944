import { badRequest, notFound, unauthorized } from '../fault.ts';
import { type Fields, fields, isFields, text } from '../json.ts';
import type { World } from '../world.ts';
import { type AppCredential, DOMAIN, type Role, rolesOn, type Target, type Token, type User } from './identity.ts';

/** POST /v3/auth/tokens: a token for whoever proves to be someone. */
export async function login(world: World, body: Fields | undefined): Promise<Token> {
  const auth = fields(body?.['auth']);
  const identity = auth['identity'];
  if (!isFields(identity)) throw badRequest("'identity' is a required property");
  const methods = Array.isArray(identity['methods'])
    ? identity['methods'].filter((each) => typeof each === 'string')
    : [];
  const [method] = methods;
  if (method === undefined) throw badRequest("'methods' is a required property");
  if (method === 'application_credential') return byAppCredential(world, fields(identity['application_credential']));

  const { user, expires } =
    method === 'token' ? await byToken(world, fields(identity['token'])) : byPassword(world, identity);
  const target = targetOf(world, auth['scope']);
  const roles = target === null ? [] : rolesOn(world.identity, user.id, target);
  if (target !== null && roles.length === 0) throw unauthorized();
  return issue(world, { methods, user, target, roles, appCredential: null, expires });
}

function byPassword(world: World, identity: Fields): { user: User; expires: Date | null } {
  const given = fields(fields(identity['password'])['user']);
  const user = findUser(world, given);
  if (!user?.enabled || user.password !== given['password']) throw unauthorized();
  return { user, expires: null };
}

async function byToken(world: World, given: Fields): Promise<{ user: User; expires: Date }> {
  const token = await liveToken(world, text(given['id']) ?? '');
  if (!token) throw unauthorized();
  return { user: token.user, expires: token.expires };
}

/** The token if keystone would still take it: a uuid token must also be in its table, where an operator may have deleted it. */
export async function liveToken(world: World, id: string): Promise<Token | undefined> {
  const token = world.identity.tokens.get(id);
  if (!token || token.revoked || token.expires <= world.now() || !token.user.enabled) return undefined;
  if (world.settings.tokens === 'uuid' && !(await world.tables.hasToken(id))) return undefined;
  return token;
}

async function byAppCredential(world: World, given: Fields): Promise<Token> {
  await world.tables.forgetDeleted(world.identity);
  const credential = findCredential(world, given);
  if (!credential)
    throw notFound(`Could not find Application Credential: ${text(given['id']) ?? text(given['name'])}.`);
  const user = world.identity.users.get(credential.user);
  const expired = credential.expires !== null && credential.expires <= world.now();
  if (!user?.enabled || expired || credential.secret !== given['secret']) throw unauthorized();
  const target = { project: credential.project };
  const held = rolesOn(world.identity, user.id, target);
  const roles = held.filter(({ name }) => credential.roles.includes(name));
  if (roles.length === 0) throw unauthorized();
  return issue(world, {
    methods: ['application_credential'],
    user,
    target,
    roles,
    appCredential: credential,
    expires: null,
  });
}

function findCredential(world: World, given: Fields): AppCredential | undefined {
  const { appCredentials } = world.identity;
  if (typeof given['id'] === 'string') return appCredentials.find(({ id }) => id === given['id']);
  const user = findUser(world, fields(given['user']));
  return appCredentials.find((each) => each.user === user?.id && each.name === given['name']);
}

function findUser(world: World, given: Fields): User | undefined {
  if (typeof given['id'] === 'string') return world.identity.users.get(given['id']);
  if (!isDefaultDomain(given['domain'])) return undefined;
  return [...world.identity.users.values()].find(({ name }) => name === given['name']);
}

function isDefaultDomain(domain: unknown): boolean {
  const given = fields(domain);
  return given['id'] === DOMAIN.id || given['name'] === DOMAIN.name;
}

function targetOf(world: World, scope: unknown): Target | null {
  if (scope === undefined || scope === null || scope === 'unscoped') return null;
  const given = fields(scope);
  if (isFields(given['system'])) return { system: true };
  if (isFields(given['domain'])) {
    if (!isDefaultDomain(given['domain'])) throw unauthorized();
    return { domain: DOMAIN.id };
  }
  const wanted = fields(given['project']);
  const project = [...world.identity.projects.values()].find(({ id, name }) =>
    typeof wanted['id'] === 'string'
      ? id === wanted['id']
      : name === wanted['name'] && isDefaultDomain(wanted['domain']),
  );
  if (!project?.enabled) throw unauthorized();
  return { project: project.id };
}

interface Proven {
  readonly methods: readonly string[];
  readonly user: User;
  readonly target: Target | null;
  readonly roles: readonly Role[];
  readonly appCredential: AppCredential | null;
  /** A token made from a token does not live longer. */
  readonly expires: Date | null;
}

function issue(world: World, proven: Proven): Token {
  const issued = new Date(Math.floor(world.now().getTime() / 1000) * 1000);
  const uuid = world.settings.tokens === 'uuid';
  const token: Token = {
    ...proven,
    id: uuid ? world.chance.hex(32) : `gAAAAA${world.chance.letters(178)}`,
    audit: world.chance.letters(22),
    issued,
    expires: proven.expires ?? new Date(issued.getTime() + world.settings.tokenSeconds * 1000),
    revoked: false,
  };
  world.identity.tokens.set(token.id, token);
  if (uuid) world.tables.token(token);
  return token;
}
