import { z } from 'zod';
import type { Aggregate, ServerGroup } from './cloud.ts';
import type { Session } from './session.ts';
import { read, Text } from './wire.ts';

const pageSize = 1000;

/** From 2.64 a group has one `policy`; before, a list of which one counts. */
const Group = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    policy: z.string().optional(),
    policies: z.array(z.string()).optional(),
    rules: z.looseObject({ max_server_per_host: z.coerce.number().int().min(1).optional() }).nullish(),
    members: z.array(z.string()),
  })
  .transform(
    ({ id, name, policy, policies, rules, members }): ServerGroup => ({
      id,
      name,
      policy: policy ?? policies?.[0] ?? 'unknown',
      perHost: rules?.max_server_per_host ?? 1,
      members,
    }),
  );

/** Paged by offset: these have no marker and no links. */
export async function listServerGroups(session: Session, cloud: string): Promise<ServerGroup[]> {
  const version = await session.speaks('compute', '2.64');
  const groups = new Map<string, ServerGroup>();
  for (let offset = 0; ; offset += pageSize) {
    const query = { all_projects: 'True', limit: pageSize, offset };
    const { body } = await session.ask('compute', { path: '/os-server-groups', query, version });
    const page = read(
      z.object({ server_groups: z.array(Group) }),
      body,
      cloud,
      'GET compute /os-server-groups',
    ).server_groups;
    for (const group of page) groups.set(group.id, group);
    if (page.length < pageSize) return [...groups.values()];
  }
}

const WireAggregate = z
  .looseObject({
    name: z.string(),
    availability_zone: Text,
    hosts: z.array(z.string()).default([]),
    metadata: z.record(z.string(), z.string()).default({}),
  })
  .transform(({ name, availability_zone: zone, hosts, metadata }): Aggregate => ({ name, zone, hosts, metadata }));

export async function listAggregates(session: Session, cloud: string): Promise<Aggregate[]> {
  const version = await session.speaks('compute', '2.41');
  const { body } = await session.ask('compute', { path: '/os-aggregates', version });
  return read(z.object({ aggregates: z.array(WireAggregate) }), body, cloud, 'GET compute /os-aggregates').aggregates;
}
