import { type Block, type Report, text } from '../../chat/report.ts';
import type { Flavor, InstanceAction, Server } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { leaseWords, serverLease } from '../protection.ts';
import { resolveServer } from '../resolve.ts';
import { age, count, moment, size } from '../words.ts';
import { migrationTable, projectNames, statusWords } from './tables.ts';

/** Actions and migrations that are shown, newest first. */
const recent = 5;

/** One server: where, whose, how it stands, and what happened to it lately. */
export async function serverView(reference: string, { cloud, leases, holder, now }: PlanContext): Promise<Report> {
  const server = await resolveServer(cloud, reference);
  const lost = server.status === 'UNKNOWN';
  const [projects, actions, migrations, lease, held] = await Promise.all([
    projectNames(cloud),
    lost ? [] : cloud.actions(server.id),
    cloud.migrations({ server: server.id, limit: recent }),
    leases.find('server', server.id),
    holder(`server:${cloud.name}/${server.id}`),
  ]);
  const protection = serverLease(lease);
  const fields: [string, string | null][] = [
    ['id', server.id],
    ['status', statusWords({ ...server, locked: false })],
    ['host', lost ? null : hostWords(server)],
    ['project', projects.get(server.project) ?? server.project],
    ['flavor', flavorWords(server.flavor)],
    [
      'disk',
      server.bootsFromVolume
        ? `boots from a volume, ${count(server.volumes.length, 'volume')}`
        : server.volumes.length > 0
          ? count(server.volumes.length, 'volume')
          : null,
    ],
    ['zone', zoneWords(server)],
    ['lock', lockWords(server)],
    ['protection', protection === null ? null : leaseWords(protection)],
    ['fault', server.fault === null ? null : server.fault.message],
    ['running', held],
    ['made', server.createdAt === null ? null : `${moment(server.createdAt)}, ${age(server.createdAt, now)} ago`],
  ];
  return {
    title: `${server.name}: ${server.status}${server.host === null ? '' : ` on ${server.host}`}`,
    tone: server.status === 'ERROR' ? 'bad' : lost ? 'warn' : 'plain',
    blocks: [
      ...(lost ? [text('Its cell is unreachable: where it is and how it stands is not known.')] : []),
      { kind: 'fields', fields: fields.filter((field): field is [string, string] => field[1] !== null) },
      ...actionTable(actions.slice(0, recent), now),
      ...migrationTable(migrations, now, new Map([[String(server.id), server.name]])),
    ],
    footer: cloud.name,
  };
}

function hostWords({ host, hypervisor, hostStatus }: Server): string {
  if (host === null) return 'none';
  const other = hypervisor === null || hypervisor === host ? '' : ` (${hypervisor})`;
  return `${host}${other}${hostStatus === null || hostStatus === 'UP' ? '' : `, ${hostStatus}`}`;
}

function flavorWords({ name, vcpus, ramMb, diskGb }: Flavor): string {
  const figures = [
    vcpus === null ? null : `${vcpus} vCPU`,
    ramMb === null ? null : size(ramMb),
    diskGb === null ? null : `${diskGb} GB disk`,
  ];
  const said = figures.filter((figure) => figure !== null).join(', ');
  return said === '' ? (name ?? '-') : `${name ?? '-'}: ${said}`;
}

/** Below 2.96 a cloud does not tell whether its owner asked for the zone. */
function zoneWords({ zone, pinnedZone }: Server): string {
  const pin = pinnedZone === undefined ? '' : pinnedZone === null ? ', not pinned' : `, pinned to ${pinnedZone}`;
  return `${zone ?? '-'}${pin}`;
}

function lockWords({ locked, lockedReason }: Server): string | null {
  if (!locked) return null;
  return lockedReason === null ? 'locked, no reason given' : `locked: ${lockedReason}`;
}

function actionTable(actions: readonly InstanceAction[], now: Date): Block[] {
  if (actions.length === 0) return [];
  const rows = actions.map(({ action, message, requestId, startedAt }) => [
    action,
    message ?? '',
    `${age(startedAt, now)} ago`,
    requestId,
  ]);
  return [{ kind: 'table', columns: ['action', '', 'when', 'request'], rows }];
}
