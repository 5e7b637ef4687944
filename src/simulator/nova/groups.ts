import { notFound } from '../fault.ts';
import type { Answer } from '../http.ts';
import { fields, repr, text } from '../json.ts';
import { projectOf } from '../keystone/identity.ts';
import type { ServerGroup } from '../world.ts';
import { invalid, required, shortText } from './checks.ts';
import { admin, bodyWith, type NovaContext } from './context.ts';

const POLICIES = ['anti-affinity', 'affinity', 'soft-anti-affinity', 'soft-affinity'] as const;

export function listGroups(context: NovaContext): Answer {
  const { world, request, token } = context;
  // anybody may ask for all projects; for others than admins it is ignored
  const all = admin(context) && request.query.has('all_projects');
  const groups = world.groups.filter(({ project }) => all || project === projectOf(token));
  const offset = Number(request.query.get('offset') ?? 0);
  const limit = Number(request.query.get('limit') ?? 1000);
  return {
    status: 200,
    body: { server_groups: groups.slice(offset, offset + limit).map((group) => view(context, group)) },
  };
}

export function showGroup(context: NovaContext): Answer {
  return { status: 200, body: { server_group: view(context, find(context)) } };
}

export function createGroup(context: NovaContext): Answer {
  const { world, token, minor } = context;
  const wish = bodyWith(context, 'server_group');
  required('server_group', wish, ['name', minor >= 64 ? 'policy' : 'policies']);
  const name = shortText('name', wish['name']) ?? '';
  const asked = minor >= 64 ? wish['policy'] : Array.isArray(wish['policies']) ? wish['policies'][0] : undefined;
  const policy = POLICIES.find((each) => each === text(asked));
  if (!policy) throw invalid('policy', asked, `${repr(asked)} is not one of ${repr(POLICIES)}`);
  const most = fields(wish['rules'])['max_server_per_host'];
  const group: ServerGroup = {
    id: world.chance.uuid(),
    name,
    policy,
    project: projectOf(token) ?? '',
    user: token.user.id,
    rules: typeof most === 'number' ? { max_server_per_host: most } : {},
    members: new Set(),
  };
  world.groups.push(group);
  return { status: 200, body: { server_group: view(context, group) } };
}

export function deleteGroup(context: NovaContext): Answer {
  const { groups } = context.world;
  groups.splice(groups.indexOf(find(context)), 1);
  return { status: 204 };
}

function find(context: NovaContext): ServerGroup {
  const { world, params, token } = context;
  const group = world.groups.find(({ id }) => id === params['id']);
  if (!group || (group.project !== projectOf(token) && !admin(context))) {
    throw notFound(`Instance group ${params['id']} could not be found.`);
  }
  return group;
}

function view({ minor }: NovaContext, group: ServerGroup): unknown {
  const { id, name, policy, rules, members, project, user } = group;
  return {
    id,
    name,
    ...(minor >= 64 ? { policy, rules } : { policies: [policy], metadata: {} }),
    members: [...members],
    ...(minor >= 13 ? { project_id: project, user_id: user } : {}),
  };
}
