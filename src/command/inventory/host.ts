import { type Block, type Report, text } from '../../chat/report.ts';
import type { Hypervisor, Server, Service } from '../../openstack/cloud.ts';
import type { PlanContext } from '../command.ts';
import { hostLease } from '../drain/host-lease.ts';
import { underway } from '../drain/move-view.ts';
import { all } from '../drain/survey.ts';
import type { Lease } from '../lease.ts';
import { resolveHost } from '../resolve.ts';
import { age, count, moment, size } from '../words.ts';
import { serviceWords } from './hosts.ts';
import { migrationTable, projectNames, serverTable } from './tables.ts';

/** One host: its service, whose it is, what is on it and what moves. */
export async function hostView(name: string, { cloud, leases, holder, now }: PlanContext): Promise<Report> {
  const service = await resolveHost(cloud, name);
  const { host } = service;
  const [hypervisors, servers, deleted, migrations, projects, lease, held] = await Promise.all([
    cloud.hypervisors({ host }),
    all(cloud.servers({ host })),
    all(cloud.servers({ host, softDeleted: true })),
    cloud.migrations({ host }),
    projectNames(cloud),
    leases.find('host', host),
    holder(`host:${cloud.name}/${host}`),
  ]);
  const names = new Map([...servers, ...deleted].map((server) => [String(server.id), server.name]));
  const moving = migrations.filter(({ status }) => underway(status) || status === 'finished');
  return {
    title: `${host}: ${serviceWords(service)}, ${seen(service) ? count(servers.length, 'server') : 'its servers cannot be seen'}`,
    tone: !seen(service) || service.state === 'down' ? 'warn' : 'plain',
    blocks: [
      {
        kind: 'fields',
        fields: [...serviceFields(service, now), ...hypervisorFields(hypervisors), ...ownerFields(lease, held, now)],
      },
      ...warnings(service, servers, hypervisors),
      ...serverTable(servers, projects, false),
      ...softDeleted(deleted, projects),
      ...migrationTable(moving, now, names),
    ],
    footer: cloud.name,
  };
}

/** Of a host whose cell is down Nova lists nothing, as if it were empty. */
function seen({ status }: Service): boolean {
  return status !== 'unknown';
}

function serviceFields(service: Service, now: Date): [string, string][] {
  const heard =
    service.updatedAt === null ? [] : [['last heard', `${age(service.updatedAt, now)} ago`] as [string, string]];
  return [
    ['service', serviceWords(service)],
    ...(service.disabledReason === null ? [] : [['reason', service.disabledReason] as [string, string]]),
    ['zone', service.zone ?? '-'],
    ...(service.state === 'up' ? [] : heard),
  ];
}

function hypervisorFields(hypervisors: readonly Hypervisor[]): [string, string][] {
  if (hypervisors.length > 3) return [['hypervisors', String(hypervisors.length)]];
  return hypervisors.flatMap(({ hostname, type, usage }): [string, string][] => [
    ['hypervisor', `${hostname}${type === null ? '' : ` (${type})`}`],
    ...(usage === null
      ? []
      : ([
          ['vCPU', `${usage.vcpusUsed} of ${usage.vcpus}`],
          ['RAM', `${size(usage.memoryMbUsed)} of ${size(usage.memoryMb)}`],
        ] as [string, string][])),
  ]);
}

function ownerFields(found: Lease | null, held: string | null, now: Date): [string, string][] {
  const running: [string, string][] = held === null ? [] : [['running', held]];
  if (found === null) return running;
  const end = found.until === null ? 'no end' : `until ${moment(found.until)}${found.until < now ? ' (over)' : ''}`;
  const moved = hostLease(found)?.detail.moved.length ?? 0;
  return [
    ...running,
    ['vigie', `${found.reason}; by ${found.owner} ${age(found.since, now)} ago, ${end} (job ${found.job})`],
    ...(moved > 0 ? ([['moved away', count(moved, 'server')]] as [string, string][]) : []),
  ];
}

/** What makes the list of servers less than the truth. */
function warnings(service: Service, servers: readonly Server[], hypervisors: readonly Hypervisor[]): Block[] {
  if (!seen(service))
    return [
      text('Its cell is unreachable: Nova lists none of its servers, and this host must not be taken for empty.'),
    ];
  const listed = new Set<string>(servers.map(({ id }) => id));
  const unlisted = hypervisors.flatMap((one) => one.servers ?? []).filter((id) => !listed.has(id));
  return unlisted.length === 0
    ? []
    : [text(`The hypervisor has ${count(unlisted.length, 'server')} that the list lacks: ${unlisted.join(', ')}`)];
}

function softDeleted(servers: readonly Server[], projects: ReadonlyMap<string, string>): Block[] {
  if (servers.length === 0) return [];
  return [
    text(`Soft-deleted, still on its disks: ${count(servers.length, 'server')}`),
    ...serverTable(servers, projects, false),
  ];
}
