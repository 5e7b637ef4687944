import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DemoCloud } from './cloud.ts';

export interface DemoFiles {
  readonly policy: string;
  readonly clouds: string;
  readonly secure: string;
}

/** The three files that a real installation writes by hand, so that the demo runs as production does. */
export function writeFiles(directory: string, cloud: DemoCloud, account: { user: string; place: string }): DemoFiles {
  const policy = join(directory, 'policy.yaml');
  const clouds = join(directory, 'clouds.yaml');
  const secure = join(directory, 'secure.yaml');
  writeFileSync(policy, policyText(cloud.name, account), { mode: 0o600 });
  writeFileSync(clouds, cloudsText(cloud, directory), { mode: 0o600 });
  writeFileSync(secure, secureText(cloud), { mode: 0o600 });
  return { policy, clouds, secure };
}

/** The one who sits at the terminal, and two more people for the votes that nobody may give to himself. */
function policyText(cloud: string, { user, place }: { user: string; place: string }): string {
  const people = new Map([
    ['alice', 'alice'],
    ['bob', 'bob'],
    [humanName(user), user],
  ]);
  const entries = [...people].map(
    ([human, name]) =>
      `  ${human}:\n    accounts: [${JSON.stringify(`console:${name}`)}]\n    roles: [${human === humanName(user) ? 'admin' : 'operator'}, approver]\n`,
  );
  return `# Written by the demo at every start.
people:
${entries.join('')}
rules:
  - allow: everyone
places:
  '${place}': { cloud: ${cloud} }
operations: '${place}'
clouds: [${cloud}]
break_glass: { roles: [admin], announce: ['${place}'] }
`;
}

/** The policy writes people in lower case and without signs. */
export function humanName(user: string): string {
  const name = user.toLowerCase().replace(/[^a-z0-9_.-]/g, '-');
  return /^[a-z]/.test(name) ? name : `user-${name}`;
}

function cloudsText(cloud: DemoCloud, directory: string): string {
  const { name, authUrl, region, username, project, dsns } = cloud;
  const archives = join(directory, 'archives');
  return `# Written by the demo at every start.
clouds:
  ${name}:
    region_name: ${region}
    auth:
      auth_url: ${authUrl}
      username: ${username}
      project_name: ${project}
      user_domain_name: Default
      project_domain_name: Default
    vigie:
      nova_api: ${JSON.stringify(dsns.novaApi)}
      cells: ${JSON.stringify(dsns.cells)}
      keystone: ${JSON.stringify(dsns.keystone)}
      archive: { folder: ${JSON.stringify(archives)}, public_key: none }
      backup: ${JSON.stringify(backupOf(cloud, directory))}
`;
}

/** As its own accounts see the databases: the demo's root, the lab's keystone and nova. */
function backupOf({ dsns }: DemoCloud, directory: string) {
  const all = [dsns.keystone, dsns.novaApi, ...Object.values(dsns.cells)];
  const servers = new Map<string, { dsn: string; databases: string[] }>();
  for (const dsn of all) {
    const { username, pathname } = new URL(dsn);
    const known = servers.get(username) ?? { dsn, databases: [] };
    servers.set(username, { ...known, databases: [...known.databases, pathname.slice(1)] });
  }
  const folder = join(directory, 'backups');
  const named = [...servers].map(([user, server]) => [user === 'root' ? 'main' : user, server]);
  return { folder, public_key: 'none', servers: Object.fromEntries(named) };
}

function secureText({ name, password }: DemoCloud): string {
  return `clouds:\n  ${name}:\n    auth:\n      password: ${JSON.stringify(password)}\n`;
}
