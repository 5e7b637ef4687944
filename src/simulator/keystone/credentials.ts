import { badRequest, forbidden, notFound } from '../fault.ts';
import type { Answer } from '../http.ts';
import { fields, stamp, text } from '../json.ts';
import { route } from '../routes.ts';
import { type KeystoneContext, list, refused, requireAdmin } from './context.ts';
import { type AppCredential, isAdmin, projectOf, type Trust } from './identity.ts';
import { roleView } from './lists.ts';

export const credentialRoutes = [
  route('GET /users/:user/application_credentials', credentials),
  route('POST /users/:user/application_credentials', createCredential),
  route('GET /users/:user/application_credentials/:id', credential),
  route('DELETE /users/:user/application_credentials/:id', deleteCredential),
  route('GET /OS-TRUST/trusts', trusts),
  route('POST /OS-TRUST/trusts', createTrust),
  route('GET /OS-TRUST/trusts/:id', trust),
  route('DELETE /OS-TRUST/trusts/:id', deleteTrust),
];

async function credentials(context: KeystoneContext): Promise<Answer> {
  const { world, params, token } = context;
  if (params['user'] !== token.user.id) requireAdmin(token, 'list_application_credentials');
  await world.tables.forgetDeleted(world.identity);
  const rows = world.identity.appCredentials.filter(({ user }) => user === params['user']);
  return list(
    context,
    'application_credentials',
    rows.map((each) => credentialView(context, each)),
  );
}

function createCredential(context: KeystoneContext): Answer {
  const { world, params, token, body } = context;
  if (token.appCredential && !token.appCredential.unrestricted) {
    throw forbidden(
      "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for managing additional application credentials..",
    );
  }
  const project = projectOf(token);
  if (params['user'] !== token.user.id || project === null) throw refused('create_application_credential');
  const wish = fields(body['application_credential']);
  const name = text(wish['name']);
  if (name === undefined) throw badRequest("'name' is a required property");
  const asked = Array.isArray(wish['roles']) ? wish['roles'].map((each) => text(fields(each)['name'])) : null;
  const made: AppCredential = {
    id: world.chance.hex(32),
    number: world.identity.appCredentials.length + 1,
    name,
    description: text(wish['description']) ?? null,
    secret: text(wish['secret']) ?? world.chance.letters(86),
    user: token.user.id,
    project,
    roles: token.roles.map((role) => role.name).filter((role) => asked === null || asked.includes(role)),
    expires: dateOf(wish['expires_at']),
    unrestricted: typeof wish['unrestricted'] === 'boolean' ? wish['unrestricted'] : null,
  };
  world.identity.appCredentials.push(made);
  world.tables.appCredential(made);
  const view = { ...credentialView(context, made), secret: made.secret };
  return { status: 201, body: { application_credential: view } };
}

async function credential(context: KeystoneContext): Promise<Answer> {
  const found = await findCredential(context, 'get_application_credential');
  return { status: 200, body: { application_credential: credentialView(context, found) } };
}

async function deleteCredential(context: KeystoneContext): Promise<Answer> {
  const found = await findCredential(context, 'delete_application_credential');
  const { identity, tables } = context.world;
  identity.appCredentials = identity.appCredentials.filter((each) => each !== found);
  for (const token of identity.tokens.values()) if (token.appCredential === found) token.revoked = true;
  tables.removeAppCredential(found.id);
  return { status: 204 };
}

async function findCredential({ world, params, token }: KeystoneContext, rule: string): Promise<AppCredential> {
  if (params['user'] !== token.user.id) requireAdmin(token, rule);
  await world.tables.forgetDeleted(world.identity);
  const found = world.identity.appCredentials.find(({ id, user }) => id === params['id'] && user === params['user']);
  if (!found) throw notFound(`Could not find Application Credential: ${params['id']}.`);
  return found;
}

function credentialView({ self, world }: KeystoneContext, given: AppCredential): Record<string, unknown> {
  const roles = world.identity.roles.filter(({ name }) => given.roles.includes(name));
  return {
    id: given.id,
    name: given.name,
    description: given.description,
    user_id: given.user,
    project_id: given.project,
    system: null,
    expires_at: stamp(given.expires),
    unrestricted: given.unrestricted,
    roles: roles.map(({ id, name }) => ({
      id,
      name,
      domain_id: null,
      description: null,
      options: { immutable: true },
    })),
    links: { self: `${self}/application_credentials/${given.id}` },
  };
}

async function trusts(context: KeystoneContext): Promise<Answer> {
  const { world, token, request } = context;
  await world.tables.forgetDeleted(world.identity);
  const trustor = request.query.get('trustor_user_id');
  const trustee = request.query.get('trustee_user_id');
  if (trustor !== token.user.id && trustee !== token.user.id) requireAdmin(token, 'list_trusts');
  const rows = world.identity.trusts.filter(
    (each) => (trustor === null || each.trustor === trustor) && (trustee === null || each.trustee === trustee),
  );
  return list(
    context,
    'trusts',
    rows.map((each) => trustView(context, each)),
  );
}

function createTrust(context: KeystoneContext): Answer {
  const { world, token, body } = context;
  const wish = fields(body['trust']);
  const trustor = text(wish['trustor_user_id']);
  const trustee = text(wish['trustee_user_id']);
  if (trustor === undefined || trustee === undefined) throw badRequest("'trustee_user_id' is a required property");
  if (trustor !== token.user.id) throw refused('create_trust');
  const asked = Array.isArray(wish['roles']) ? wish['roles'].map((each) => text(fields(each)['name'])) : [];
  const made: Trust = {
    id: world.chance.hex(32),
    trustor,
    trustee,
    project: text(wish['project_id']) ?? null,
    impersonation: wish['impersonation'] === true,
    roles: token.roles.map(({ name }) => name).filter((name) => asked.includes(name)),
    expires: dateOf(wish['expires_at']),
    uses: typeof wish['remaining_uses'] === 'number' ? wish['remaining_uses'] : null,
  };
  world.identity.trusts.push(made);
  world.tables.trust(made);
  return { status: 201, body: { trust: wholeTrust(context, made) } };
}

async function trust(context: KeystoneContext): Promise<Answer> {
  return { status: 200, body: { trust: wholeTrust(context, await findTrust(context)) } };
}

async function deleteTrust(context: KeystoneContext): Promise<Answer> {
  const found = await findTrust(context);
  const { identity, tables } = context.world;
  identity.trusts = identity.trusts.filter((each) => each !== found);
  tables.removeTrust(found.id, context.world.now());
  return { status: 204 };
}

async function findTrust({ world, params, token }: KeystoneContext): Promise<Trust> {
  await world.tables.forgetDeleted(world.identity);
  const found = world.identity.trusts.find(({ id }) => id === params['id']);
  const mine = found?.trustor === token.user.id || found?.trustee === token.user.id;
  if (!found || !(mine || isAdmin(token))) throw notFound(`Could not find trust: ${params['id']}.`);
  return found;
}

function trustView({ self }: KeystoneContext, given: Trust): Record<string, unknown> {
  return {
    id: given.id,
    trustor_user_id: given.trustor,
    trustee_user_id: given.trustee,
    project_id: given.project,
    impersonation: given.impersonation,
    expires_at: given.expires === null ? null : `${stamp(given.expires)}Z`,
    remaining_uses: given.uses,
    deleted_at: null,
    redelegated_trust_id: null,
    redelegation_count: 0,
    links: { self: `${self}/OS-TRUST/trusts/${given.id}` },
  };
}

function wholeTrust(context: KeystoneContext, given: Trust): unknown {
  const roles = context.world.identity.roles.filter(({ name }) => given.roles.includes(name));
  return {
    ...trustView(context, given),
    roles: roles.map((each) => roleView(context, each)),
    roles_links: { self: `${context.self}/${given.id}/roles`, next: null, previous: null },
  };
}

/** Keystone takes times with and without zone, and means UTC. */
function dateOf(value: unknown): Date | null {
  if (typeof value !== 'string') return null;
  const date = new Date(/Z|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`);
  if (Number.isNaN(date.getTime()))
    throw badRequest(`Invalid input for field 'expires_at': '${value}' is not a 'date-time'`);
  return date;
}
