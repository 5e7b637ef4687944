import { type Block, type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { Server, ServerFilter } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { nearest, resolveHost, resolveProject, unseenHosts } from '../resolve.ts';
import { count, list } from '../words.ts';
import { projectNames, type ServerLine, serverTable } from './tables.ts';

export interface ServersWish {
  readonly host: string | undefined;
  readonly project: string | undefined;
  readonly status: string | undefined;
  readonly name: string | undefined;
}

const statuses = (
  'ACTIVE BUILD DELETED ERROR HARD_REBOOT MIGRATING PASSWORD PAUSED REBOOT REBUILD RESCUE RESIZE REVERT_RESIZE ' +
  'SHELVED SHELVED_OFFLOADED SHUTOFF SOFT_DELETED SUSPENDED VERIFY_RESIZE'
).split(' ');

export async function serverList(wish: ServersWish, { cloud, signal }: PlanContext): Promise<Report> {
  const filter = await filterOf(wish, cloud);
  const found = await gather(cloud.servers(filter), signal);
  const projects = await projectNames(cloud);
  const unseen = unseenHosts(await cloud.services({ binary: 'nova-compute' }));
  const none = filter.host !== undefined && unseen.includes(filter.host);
  return {
    title: `${cloud.name}: ${none ? 'servers that cannot be seen' : count(found.length, 'server')}${described(wish)}`,
    tone: unseen.length > 0 ? 'warn' : 'plain',
    blocks: [...missing(unseen), ...byStatus(found), ...serverTable(found, projects, wish.host === undefined)],
    footer: cloud.name,
  };
}

async function filterOf(
  { host, project, status, name }: ServersWish,
  cloud: PlanContext['cloud'],
): Promise<ServerFilter> {
  const wanted = status === undefined ? undefined : statusNamed(status);
  const soft = wanted === 'SOFT_DELETED';
  return {
    ...(host !== undefined && { host: (await resolveHost(cloud, host)).host }),
    ...(project !== undefined && { project: (await resolveProject(cloud, project)).id }),
    ...(wanted !== undefined && !soft && { status: wanted }),
    ...(soft && { softDeleted: true }),
    ...(name !== undefined && { name }),
  };
}

function statusNamed(typed: string): string {
  const word = typed.toUpperCase().replaceAll('-', '_');
  if (statuses.includes(word)) return word;
  const near = nearest(word, statuses);
  throw new UserError(
    `no server has the status "${typed}"; ${near.length > 0 ? `did you mean ${list(near)}?` : `it is one of ${statuses.join(', ')}`}`,
  );
}

/** Of each server only what is shown: a list may be of a hundred thousand. */
async function gather(servers: AsyncIterable<Server>, signal: AbortSignal): Promise<ServerLine[]> {
  const found: ServerLine[] = [];
  for await (const { id, name, status, taskState, locked, host, project } of servers) {
    signal.throwIfAborted();
    found.push({ id, name, status, taskState, locked, host, project });
  }
  return found;
}

function byStatus(servers: readonly ServerLine[]): Block[] {
  const counts = new Map<string, number>();
  for (const { status } of servers) counts.set(status, (counts.get(status) ?? 0) + 1);
  const said = [...counts].sort(([, a], [, b]) => b - a).map(([status, number]) => `${number} ${status}`);
  return counts.size > 1 ? [text(said.join(', '))] : [];
}

function described({ host, project, status, name }: ServersWish): string {
  const words = [
    host && `on ${host}`,
    project && `of project ${project}`,
    status && `in status ${status.toUpperCase()}`,
    name && `named like ${name}`,
  ];
  const said = words.filter(Boolean).join(', ');
  return said === '' ? '' : ` ${said}`;
}

function missing(unseen: readonly string[]): Block[] {
  if (unseen.length === 0) return [];
  return [text(`A cell is unreachable: servers on ${list(unseen, 10)} are not in this list.`)];
}
