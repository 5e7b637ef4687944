import { notFound } from '../fault.ts';
import type { Answer } from '../http.ts';
import { route } from '../routes.ts';
import { type KeystoneContext, list, requireAdmin } from './context.ts';
import { DOMAIN, type Group, impliedBy, type Project, projectOf, type Role, rolesOn, type User } from './identity.ts';

export const listRoutes = [
  route('GET /users', users),
  route('GET /users/:id', user),
  route('PATCH /users/:id', changeUser),
  route('GET /users/:id/projects', userProjects),
  route('GET /users/:id/groups', userGroups),
  route('GET /projects', projects),
  route('GET /projects/:id', project),
  route('GET /auth/projects', ownProjects),
  route('GET /groups', groups),
  route('GET /groups/:id/users', groupUsers),
  route('GET /roles', roles),
  route('GET /roles/:id/implies', implies),
  route('GET /role_inferences', inferences),
  route('GET /domains', domains),
  route('GET /domains/:id', domain),
  route('GET /regions', regions),
];

function users(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'list_users');
  const rows = named(context, [...context.world.identity.users.values()]);
  const enabled = context.request.query.get('enabled');
  const kept = enabled === null ? rows : rows.filter((each) => each.enabled === (enabled.toLowerCase() !== 'false'));
  return list(
    context,
    'users',
    kept.map((each) => userView(context, each)),
  );
}

function user(context: KeystoneContext): Answer {
  const { token, params, world } = context;
  if (params['id'] !== token.user.id) requireAdmin(token, 'get_user');
  const found = world.identity.users.get(params['id'] ?? '');
  if (!found) throw notFound(`Could not find user: ${params['id']}.`);
  return { status: 200, body: { user: userView(context, found) } };
}

function changeUser(context: KeystoneContext): Answer {
  const { token, params, world, body } = context;
  requireAdmin(token, 'update_user');
  const found = world.identity.users.get(params['id'] ?? '');
  if (!found) throw notFound(`Could not find user: ${params['id']}.`);
  // the body was checked to be an object; its inner shape is read field by field
  const wanted = body['user'] as { enabled?: unknown; password?: unknown } | undefined;
  if (typeof wanted?.enabled === 'boolean') found.enabled = wanted.enabled;
  if (typeof wanted?.password === 'string') found.password = wanted.password;
  world.tables.user(found);
  return { status: 200, body: { user: userView(context, found) } };
}

function projects(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'list_projects');
  const rows = named(context, [...context.world.identity.projects.values()]);
  return list(
    context,
    'projects',
    rows.map((each) => projectView(context, each)),
  );
}

function project(context: KeystoneContext): Answer {
  const { token, params, world } = context;
  if (params['id'] !== projectOf(token)) requireAdmin(token, 'get_project');
  const found = world.identity.projects.get(params['id'] ?? '');
  if (!found) throw notFound(`Could not find project: ${params['id']}.`);
  return { status: 200, body: { project: projectView(context, found) } };
}

function ownProjects(context: KeystoneContext): Answer {
  return projectsOf(context, context.token.user.id);
}

function userProjects(context: KeystoneContext): Answer {
  const id = context.params['id'] ?? '';
  if (id !== context.token.user.id) requireAdmin(context.token, 'list_user_projects');
  return projectsOf(context, id);
}

function projectsOf(context: KeystoneContext, user: string): Answer {
  const { identity } = context.world;
  const rows = [...identity.projects.values()].filter(({ id }) => rolesOn(identity, user, { project: id }).length > 0);
  return list(
    context,
    'projects',
    rows.map((each) => projectView(context, each)),
  );
}

function userGroups(context: KeystoneContext): Answer {
  const id = context.params['id'] ?? '';
  if (id !== context.token.user.id) requireAdmin(context.token, 'list_groups_for_user');
  const rows = [...context.world.identity.groups.values()].filter(({ users }) => users.has(id));
  return list(
    context,
    'groups',
    rows.map((each) => groupView(context, each)),
  );
}

function groups(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'list_groups');
  const rows = named(context, [...context.world.identity.groups.values()]);
  return list(
    context,
    'groups',
    rows.map((each) => groupView(context, each)),
  );
}

function groupUsers(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'list_users_in_group');
  const group = context.world.identity.groups.get(context.params['id'] ?? '');
  if (!group) throw notFound(`Could not find group: ${context.params['id']}.`);
  const rows = [...context.world.identity.users.values()].filter(({ id }) => group.users.has(id));
  return list(
    context,
    'users',
    rows.map((each) => userView(context, each)),
  );
}

function roles(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'list_roles');
  const rows = named(context, context.world.identity.roles);
  return list(
    context,
    'roles',
    rows.map((each) => roleView(context, each)),
  );
}

function implies(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'list_implied_roles');
  const prior = context.world.identity.roles.find(({ id }) => id === context.params['id']);
  if (!prior) throw notFound(`Could not find role: ${context.params['id']}.`);
  return {
    status: 200,
    body: { role_inference: inference(context, prior), links: { self: `${context.self}/roles/${prior.id}/implies` } },
  };
}

function inferences(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'list_role_inference_rules');
  const priors = context.world.identity.roles.filter(({ name }) => impliedBy(name).length > 0);
  return { status: 200, body: { role_inferences: priors.map((prior) => inference(context, prior)) } };
}

function inference(context: KeystoneContext, prior: Role): unknown {
  // only the nearest is a rule: admin implies member, and member implies reader
  const [next] = impliedBy(prior.name);
  const implied = context.world.identity.roles.filter(({ name }) => name === next);
  const brief = ({ id, name }: Role) => ({ id, links: { self: `${context.self}/roles/${id}` }, name });
  return { prior_role: brief(prior), implies: implied.map(brief) };
}

function domains(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'list_domains');
  return list(context, 'domains', [domainView(context)]);
}

function domain(context: KeystoneContext): Answer {
  if (context.params['id'] !== DOMAIN.id) throw notFound(`Could not find domain: ${context.params['id']}.`);
  return { status: 200, body: { domain: domainView(context) } };
}

function regions(context: KeystoneContext): Answer {
  const { region } = context.world.settings;
  const self = `${context.self}/regions/${region}`;
  return list(context, 'regions', [{ id: region, description: '', parent_region_id: null, links: { self } }]);
}

function named<Row extends { readonly name: string }>({ request }: KeystoneContext, rows: readonly Row[]): Row[] {
  const wanted = request.query.get('name');
  return rows.filter(({ name }) => wanted === null || name === wanted);
}

function userView({ self }: KeystoneContext, { id, name, enabled }: User): unknown {
  const links = { self: `${self}/users/${id}` };
  return { id, name, domain_id: DOMAIN.id, enabled, password_expires_at: null, options: {}, links };
}

function projectView({ self }: KeystoneContext, { id, name, description, enabled }: Project): unknown {
  return {
    id,
    name,
    domain_id: DOMAIN.id,
    description,
    enabled,
    parent_id: DOMAIN.id,
    is_domain: false,
    tags: [],
    options: {},
    links: { self: `${self}/projects/${id}` },
  };
}

function groupView({ self }: KeystoneContext, { id, name }: Group): unknown {
  return { id, name, domain_id: DOMAIN.id, description: '', links: { self: `${self}/groups/${id}` } };
}

export function roleView({ self }: KeystoneContext, { id, name }: Role): unknown {
  const links = { self: `${self}/roles/${id}` };
  return { id, name, domain_id: null, description: null, options: { immutable: true }, links };
}

function domainView({ self }: KeystoneContext): unknown {
  const links = { self: `${self}/domains/${DOMAIN.id}` };
  return { ...DOMAIN, description: 'The default domain', enabled: true, tags: [], options: {}, links };
}
