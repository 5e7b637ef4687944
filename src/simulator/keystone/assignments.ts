import { notFound } from '../fault.ts';
import type { Answer } from '../http.ts';
import { route } from '../routes.ts';
import { type KeystoneContext, list, requireAdmin } from './context.ts';
import { type Assignment, DOMAIN, impliedBy, sameTarget, type Target } from './identity.ts';
import { roleView } from './lists.ts';

const GRANTS = '/projects/:project/users/:user/roles/:role';

export const assignmentRoutes = [
  route('GET /role_assignments', assignments),
  route('GET /system/users/:user/roles', systemRoles),
  route('GET /projects/:project/users/:user/roles', projectRoles),
  route(`PUT ${GRANTS}`, grant),
  route(`HEAD ${GRANTS}`, check),
  route(`DELETE ${GRANTS}`, take),
];

function assignments(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'list_role_assignments');
  const { query } = context.request;
  const effective = query.has('effective') && query.get('effective') !== '0';
  const all = effective
    ? context.world.identity.assignments.flatMap((each) => expand(context, each))
    : context.world.identity.assignments;
  const rows = all.filter((given) => wanted(query, given));
  return list(
    context,
    'role_assignments',
    rows.map((given) => view(context, given)),
  );
}

/** What it comes to: groups become their users, and each role brings those it implies. */
function expand({ world }: KeystoneContext, given: Assignment): Assignment[] {
  const { identity } = world;
  const users = 'user' in given.actor ? [given.actor.user] : [...(identity.groups.get(given.actor.group)?.users ?? [])];
  const name = identity.roles.find(({ id }) => id === given.role)?.name ?? '';
  const roles = identity.roles.filter((role) => role.name === name || impliedBy(name).includes(role.name));
  return users.flatMap((user) => roles.map(({ id }) => ({ ...given, actor: { user }, role: id })));
}

function wanted(query: URLSearchParams, { actor, target, role }: Assignment): boolean {
  const asked = (key: string, value: string | undefined) => query.get(key) === null || query.get(key) === value;
  return (
    asked('role.id', role) &&
    asked('user.id', 'user' in actor ? actor.user : undefined) &&
    asked('group.id', 'group' in actor ? actor.group : undefined) &&
    asked('scope.project.id', 'project' in target ? target.project : undefined) &&
    asked('scope.domain.id', 'domain' in target ? target.domain : undefined) &&
    (query.get('scope.system') === null || 'system' in target)
  );
}

function view(context: KeystoneContext, { actor, target, role }: Assignment): unknown {
  const { identity } = context.world;
  const names = context.request.query.has('include_names');
  const named = (id: string, name: string | undefined) => (names ? { id, name, domain: DOMAIN } : { id });
  const who =
    'user' in actor
      ? { user: named(actor.user, identity.users.get(actor.user)?.name) }
      : { group: named(actor.group, identity.groups.get(actor.group)?.name) };
  const roleName = identity.roles.find(({ id }) => id === role)?.name;
  return {
    links: { assignment: `${context.self}${targetPath(target)}/${actorPath(actor)}/roles/${role}` },
    scope: scopeView(context, target, named),
    ...who,
    role: names ? { id: role, name: roleName } : { id: role },
  };
}

function scopeView(
  { world }: KeystoneContext,
  target: Target,
  named: (id: string, name: string | undefined) => unknown,
): unknown {
  if ('system' in target) return { system: { all: true } };
  if ('domain' in target) return { domain: DOMAIN };
  return { project: named(target.project, world.identity.projects.get(target.project)?.name) };
}

function targetPath(target: Target): string {
  if ('system' in target) return '/system';
  return 'domain' in target ? `/domains/${target.domain}` : `/projects/${target.project}`;
}

function actorPath(actor: Assignment['actor']): string {
  return 'user' in actor ? `users/${actor.user}` : `groups/${actor.group}`;
}

function systemRoles(context: KeystoneContext): Answer {
  return rolesGiven(context, { system: true });
}

function projectRoles(context: KeystoneContext): Answer {
  return rolesGiven(context, { project: context.params['project'] ?? '' });
}

function rolesGiven(context: KeystoneContext, target: Target): Answer {
  requireAdmin(context.token, 'list_grants');
  const { identity } = context.world;
  const ids = identity.assignments
    .filter(
      (given) =>
        sameTarget(given.target, target) && 'user' in given.actor && given.actor.user === context.params['user'],
    )
    .map(({ role }) => role);
  const rows = identity.roles.filter(({ id }) => ids.includes(id));
  return list(
    context,
    'roles',
    rows.map((each) => roleView(context, each)),
  );
}

function grant(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'create_grant');
  if (!find(context)) context.world.identity.assignments.push(asked(context));
  return { status: 204 };
}

function check(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'check_grant');
  if (!find(context)) throw missing(context);
  return { status: 204 };
}

function take(context: KeystoneContext): Answer {
  requireAdmin(context.token, 'revoke_grant');
  const found = find(context);
  if (!found) throw missing(context);
  const { identity } = context.world;
  identity.assignments = identity.assignments.filter((each) => each !== found);
  return { status: 204 };
}

function asked({ params }: KeystoneContext): Assignment {
  return {
    actor: { user: params['user'] ?? '' },
    target: { project: params['project'] ?? '' },
    role: params['role'] ?? '',
  };
}

function find(context: KeystoneContext): Assignment | undefined {
  const wish = JSON.stringify(asked(context));
  return context.world.identity.assignments.find((each) => JSON.stringify(each) === wish);
}

function missing({ params }: KeystoneContext) {
  return notFound(
    `Could not find role assignment with role: ${params['role']}, user or group: ${params['user']}, project, domain, or system: ${params['project']}.`,
  );
}
