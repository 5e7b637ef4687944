import { type Block, type Report, text } from '../../chat/report.ts';
import { UserError } from '../../chat/user-error.ts';
import type { Server, ServerFilter } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { nearest, resolveHost, resolveProject } from '../resolve.ts';
import { count, list } from '../words.ts';
import { projectNames, serverTable } from './tables.ts';

export interface ServersWish {
  readonly host: string | undefined;
  readonly project: string | undefined;
  readonly status: string | undefined;
  readonly name: string | undefined;
}

/** Rows that fit a report; more are counted, never held. */
const shown = 500;

const statuses = (
  'ACTIVE BUILD DELETED ERROR HARD_REBOOT MIGRATING PASSWORD PAUSED REBOOT REBUILD RESCUE RESIZE REVERT_RESIZE ' +
  'SHELVED SHELVED_OFFLOADED SHUTOFF SOFT_DELETED SUSPENDED UNKNOWN VERIFY_RESIZE'
).split(' ');

export async function serverList(wish: ServersWish, { cloud, signal }: PlanContext): Promise<Report> {
  const filter = await filterOf(wish, cloud);
  const found = await gather(cloud.servers(filter), signal);
  const projects = await projectNames(cloud);
  const cells = await unreachable(cloud);
  return {
    title: `${cloud.name}: ${count(found.total, 'server')}${described(wish)}`,
    tone: cells.length > 0 ? 'warn' : 'plain',
    blocks: [...cells, ...summary(found), ...serverTable(found.servers, projects, wish.host === undefined)],
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

interface Gathered {
  readonly total: number;
  readonly servers: readonly Server[];
  readonly byStatus: ReadonlyMap<string, number>;
}

/** Streams the list: all are counted, the first are kept. */
async function gather(servers: AsyncIterable<Server>, signal: AbortSignal): Promise<Gathered> {
  const kept: Server[] = [];
  const byStatus = new Map<string, number>();
  let total = 0;
  for await (const server of servers) {
    signal.throwIfAborted();
    total += 1;
    byStatus.set(server.status, (byStatus.get(server.status) ?? 0) + 1);
    if (kept.length < shown) kept.push(server);
  }
  return { total, servers: kept, byStatus };
}

function summary({ total, servers, byStatus }: Gathered): Block[] {
  const counted = [...byStatus].sort(([, a], [, b]) => b - a).map(([status, number]) => `${number} ${status}`);
  const statusLine = byStatus.size > 1 ? [text(counted.join(', '))] : [];
  if (total === servers.length) return statusLine;
  return [
    ...statusLine,
    text(`${servers.length} of ${total} are shown; --host, --project, --status or --name show fewer.`),
  ];
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

async function unreachable(cloud: PlanContext['cloud']): Promise<Block[]> {
  const services = await cloud.services({ binary: 'nova-compute' });
  const hosts = services.filter(({ status }) => status === 'unknown').map(({ host }) => host);
  return hosts.length === 0 ? [] : [text(`A cell is unreachable: servers on ${list(hosts, 10)} are not in this list.`)];
}
