import type { Target } from './keystone/identity.ts';
import type { World } from './world.ts';

const PASSWORD = 'lab';

/** Users who hold their roles in each of the ways keystone knows. */
export function seedPeople(world: World): void {
  for (const name of ['admin', 'alpha', 'beta', 'service']) {
    const id = world.chance.hex(32);
    const project = { id, name, description: '', enabled: true };
    world.identity.projects.set(id, project);
    world.tables.project(project);
  }
  const created = world.now();
  for (const name of ['admin', 'nova', 'placement', 'ops', 'alice', 'bob', 'rita', 'dora']) {
    const user = { id: world.chance.hex(32), name, created, password: PASSWORD, enabled: true };
    world.identity.users.set(user.id, user);
    world.tables.user(user);
  }
  const operators = { id: world.chance.hex(32), name: 'operators', users: new Set([userId(world, 'ops')]) };
  world.identity.groups.set(operators.id, operators);

  const inProject = (name: string): Target => ({ project: projectId(world, name) });
  grant(world, 'admin', 'admin', inProject('admin'));
  grant(world, 'admin', 'admin', { system: true });
  for (const service of ['nova', 'placement']) {
    grant(world, service, 'admin', inProject('service'));
    grant(world, service, 'service', inProject('service'));
  }
  grant(world, 'alice', 'member', inProject('alpha'));
  grant(world, 'bob', 'member', inProject('beta'));
  grant(world, 'rita', 'reader', inProject('alpha'));
  grant(world, 'dora', 'admin', { domain: 'default' });
  // ops is an admin only through a group; in alpha, by itself as well
  grant(world, 'ops', 'admin', inProject('alpha'));
  world.identity.assignments.push({
    actor: { group: operators.id },
    target: inProject('admin'),
    role: roleId(world, 'admin'),
  });
}

export function userId(world: World, name: string): string {
  return idByName([...world.identity.users.values()], name);
}

export function projectId(world: World, name: string): string {
  return idByName([...world.identity.projects.values()], name);
}

function roleId(world: World, name: string): string {
  return idByName(world.identity.roles, name);
}

function idByName(rows: readonly { readonly id: string; readonly name: string }[], name: string): string {
  const found = rows.find((row) => row.name === name);
  if (!found) throw new Error(`The simulated cloud has nobody and nothing called ${name}.`);
  return found.id;
}

function grant(world: World, user: string, role: string, target: Target): void {
  world.identity.assignments.push({ actor: { user: userId(world, user) }, target, role: roleId(world, role) });
}
